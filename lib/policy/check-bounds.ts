import { compare, isDecimal, toText } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import type { PlaceOf } from "./check-counters";
import type { Condition, Leaf, PolicyDocument, Scalar } from "./document";
import type { ProblemList } from "./problems";

/** What the requirements read so far leave open for one path. */
interface Room {
  low: { value: Decimal; open: boolean } | null;
  high: { value: Decimal; open: boolean } | null;
  /** Null: any value. Otherwise the values that `eq` and `in` leave. */
  values: readonly Scalar[] | null;
  needed: boolean;
  forbidden: boolean;
}

/**
 * Requirements of one tool that no call can meet together (`gt 10` with `lt 5`): every unguarded rule must hold, so such a
 * tool could never be called. Reported at the condition that closes the room.
 */
export function checkContradictions(document: PolicyDocument, problems: ProblemList, placeOf: PlaceOf): void {
  for (const block of document.tools) {
    const rooms = new Map<string, Room>();
    for (const rule of block.rules) {
      if (rule.action !== "evaluate" || rule.mode !== "enforce" || rule.when !== null) continue;
      if (rule.conditions === null) continue;
      for (const leaf of requiredLeaves(rule.conditions)) {
        const path = JSON.stringify([leaf.path.root, leaf.path.steps]);
        const room = rooms.get(path) ?? { low: null, high: null, values: null, needed: false, forbidden: false };
        const before = isEmpty(room);
        narrow(room, leaf);
        rooms.set(path, room);
        if (before || !isEmpty(room)) continue;
        const message = `No call can meet this and the other conditions on \`${leaf.path.text}\``;
        problems.error("contradiction", placeOf(leaf.at), message);
      }
    }
  }
}

function requiredLeaves(condition: Condition): readonly Leaf[] {
  if (condition.kind === "leaf") return [condition];
  return condition.kind === "all" ? condition.items.flatMap(requiredLeaves) : [];
}

function narrow(room: Room, leaf: Leaf): void {
  const { op, value } = leaf;
  if (op === "exists") {
    if (value === true) room.needed = true;
    else room.forbidden = true;
    return;
  }
  // Null is what an argument may be that must not be there.
  const values = Array.isArray(value) ? (value as readonly Scalar[]) : [value as Scalar];
  if (!((op === "eq" || op === "in") && values.includes(null))) room.needed = true;
  if (op === "eq") keep(room, [value as Scalar]);
  else if (op === "in") keep(room, value as readonly Scalar[]);
  else if (isDecimal(value)) narrowBounds(room, op, value);
}

function narrowBounds(room: Room, op: Leaf["op"], value: Decimal): void {
  const open = op === "gt" || op === "lt";
  if (op === "gt" || op === "gte") {
    const order = room.low ? compare(value, room.low.value) : 1;
    if (order > 0 || (order === 0 && open)) room.low = { value, open };
  } else if (op === "lt" || op === "lte") {
    const order = room.high ? compare(value, room.high.value) : -1;
    if (order < 0 || (order === 0 && open)) room.high = { value, open };
  }
}

function keep(room: Room, values: readonly Scalar[]): void {
  const kept = new Set(values.map(textOf));
  room.values = room.values === null ? values : room.values.filter((known) => kept.has(textOf(known)));
}

/** Texts that are equal when the values are: lists may be long, so they are not compared member by member. */
function textOf(value: Scalar): string {
  return isDecimal(value) ? toText(value) : JSON.stringify(value);
}

function isEmpty(room: Room): boolean {
  if (room.needed && room.forbidden) return true;
  if (room.low && room.high) {
    const order = compare(room.low.value, room.high.value);
    if (order > 0 || (order === 0 && (room.low.open || room.high.open))) return true;
  }
  return room.values !== null && !room.values.some((value) => fits(room, value));
}

function fits(room: Room, value: Scalar): boolean {
  if (!room.low && !room.high) return true;
  if (!isDecimal(value)) return false;
  const low = room.low ? compare(value, room.low.value) : 1;
  const high = room.high ? compare(value, room.high.value) : -1;
  return (low > 0 || (low === 0 && !room.low?.open)) && (high < 0 || (high === 0 && !room.high?.open));
}
