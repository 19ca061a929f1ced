// A mock of OpenAI's API whose judge is scripted: it hits every point and quotes the beginning of the last reply.
// Started by tests/wire.py, which passes the folder of @copilotkit/aimock; prints its address, ends with its stdin.
import { pathToFileURL } from "node:url";
import path from "node:path";

const { LLMock } = await import(pathToFileURL(path.join(process.argv[2], "dist", "index.js")));
const server = new LLMock({ port: 0, host: "127.0.0.1", strict: true, chunkSize: 40, journalMaxEntries: 0 });

const textOf = (message) =>
  typeof message.content === "string" ? message.content : (message.content ?? []).map((part) => part.text ?? "").join("");
const lastHuman = (request) => request.messages.filter((message) => message.role === "user").map(textOf);

/** The judge's message: the last human message that is a JSON object with points. */
function asked(request) {
  for (const text of lastHuman(request).reverse()) {
    try {
      const data = JSON.parse(text);
      if (Array.isArray(data.points)) return data;
    } catch {}
  }
  return null;
}

function judgement(data) {
  const said = data.exchange.filter((one) => one.by === "candidate").at(-1).text;
  const quote = said.slice(0, 60);
  return {
    intent: "answer",
    points: data.points.map((point) => ({ id: point.id, reason: "stated", verdict: "hit", quote })),
    misconceptions: [],
    extras: [],
  };
}

const usage = (request, text) => {
  const input = Math.ceil(JSON.stringify(request.messages).length / 4);
  const output = Math.ceil(text.length / 4);
  const cached = Math.floor(Math.ceil(textOf(request.messages[0]).length / 4) / 128) * 128;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    input_tokens: input,
    output_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
    input_tokens_details: { cached_tokens: cached },
  };
};

// What a test asked for: an answer in place of the judgement, one structured-output method that is taken, or a pace: "cut"
// breaks off in the middle of the stream, "slow" takes its time.
const control = { answer: null, method: null, pace: null, forget: false };
let hungUp = 0;
server.mount("/control", {
  handleRequest: async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    Object.assign(control, JSON.parse(text));
    if (control.forget) server.clearRequests();
    control.forget = false;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ hungUp }));
    return true;
  },
});

const methodOf = (request) =>
  ({ json_schema: "json_schema", json_object: "json_mode" })[request.response_format?.type] ??
  (request.tools?.length ? "function_calling" : "text");

const answer = (request) => {
  if (control.answer) return control.answer;
  if (control.method && methodOf(request) !== control.method)
    return { status: 400, error: { message: `${methodOf(request)} is not supported`, type: "invalid_request_error" } };
  const text = JSON.stringify(judgement(asked(request)));
  const called = (request.tools ?? []).some((tool) => tool.function?.name === "RawJudgement");
  const said = called ? { toolCalls: [{ name: "RawJudgement", arguments: text }] } : { content: text };
  return { ...said, usage: usage(request, text) };
};
const streamed = (pace) => ({ predicate: (request) => asked(request) !== null && control.pace === pace });
server.on(streamed("cut"), answer, { truncateAfterChunks: 4, latency: 10 });
server.on(streamed("slow"), answer, { latency: 150 });
server.on(streamed(null), answer);

// The helper: it searches once, then explains.
const HELP = "이 질문은 두 함수를 비교해서 이유를 말해 달라는 뜻입니다. 한두 문장이면 충분합니다.";
server.on({ toolName: "search_knowledge", hasToolResult: false }, {
  toolCalls: [{ name: "search_knowledge", arguments: JSON.stringify({ query: "용어" }) }],
});
server.on({ toolName: "search_knowledge", hasToolResult: true }, { content: HELP });
server.onEmbedding(/.*/s, { embedding: Array.from({ length: 8 }, (_, n) => n / 8) });

await server.start();
// Answers whose client closed the connection before their end.
server.serverInstance.server.prependListener("request", (_request, response) =>
  response.on("close", () => (hungUp += response.writableFinished ? 0 : 1)),
);
console.log(server.url);
process.stdin.on("end", () => process.exit(0)).resume();
