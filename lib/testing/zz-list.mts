import { startEverything } from "/work/main/lib/testing/everything-server";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import assert from "node:assert";
const s = await startEverything();
const post = async (body: object, h: object) => { const r = await fetch(s.url,{method:"POST",headers:{"content-type":"application/json",accept:"application/json, text/event-stream",...h},body:JSON.stringify(body)}); const t=await r.text(); const line=t.includes("data: {")?t.split("\n").filter(l=>l.startsWith("data: {")).pop()!.slice(6):t; return {s:r.headers.get("mcp-session-id"), b:JSON.parse(line)}};
const i = await post({jsonrpc:"2.0",id:1,method:"initialize",params:{protocolVersion:"2025-11-25",capabilities:{},clientInfo:{name:"x",version:"1"}}},{});
const a = await post({jsonrpc:"2.0",id:2,method:"tools/list",params:{}},{"mcp-session-id":i.s,"mcp-protocol-version":"2025-11-25"});
const m = await post({jsonrpc:"2.0",id:2,method:"tools/list",params:{_meta:{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}},{"mcp-method":"tools/list","mcp-protocol-version":"2026-07-28"});
console.log(a.b.result.tools.length, m.b.result.tools.length, JSON.stringify(m.b.result).length); 
try{assert.deepStrictEqual(a.b.result.tools,m.b.result.tools);console.log("same")}catch(e){console.log(String(e).slice(0,1500))}
process.exit(0)
