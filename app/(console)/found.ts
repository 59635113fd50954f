import { notFound } from "next/navigation";
import { isAppError } from "@/lib/kernel/errors";

/** What `read` answers; an id that does not exist here gives the 404 page. */
export async function found<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (isAppError(error) && error.code === "not_found") notFound();
    throw error;
  }
}
