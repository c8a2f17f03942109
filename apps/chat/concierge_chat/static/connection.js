/**
 * The line to the server: a WebSocket that always comes back, an outbox that sends each message in its order until it
 * is acknowledged, and a memory that survives a reload where the browser allows it.
 */

const PING_AFTER_QUIET = 25_000;
const ANSWER_WITHIN = 8_000;
const STABLE_AFTER = 10_000;
const LONGEST_PAUSE = 30_000;

/** Small facts kept in localStorage under one key; in this page only where storage is forbidden or full. */
export class Memory {
  #here = {};
  /** @param {string} key */
  constructor(key) { this.key = key; }

  all() {
    try {
      return { ...this.#here, ...JSON.parse(localStorage.getItem(this.key)) };
    } catch { return this.#here; }
  }

  /** @param {string} name */
  get(name) { return this.all()[name]; }

  /** @param {string} name @param {any} value */
  set(name, value) {
    const all = { ...this.all(), [name]: value };
    try {
      localStorage.setItem(this.key, JSON.stringify(all));
    } catch { this.#here = all; }
  }
}

/** Own messages that the server has not acknowledged yet. One is on its way at a time, so their order holds. */
export class Outbox {
  #onItsWay = null;
  #timer = 0;
  /** @param {Memory} memory @param {(frame: object) => boolean} send  false: no line at the moment */
  constructor(memory, send) {
    this.memory = memory;
    this.send = send;
  }

  /** @returns {{client_id: string, text: string, at: string}[]} */
  get all() { return this.memory.get("outbox") || []; }

  add(message) {
    this.memory.set("outbox", [...this.all, message]);
    this.pump();
  }

  /** The server has it, or will never take it. @param {string} client_id */
  settle(client_id) {
    this.memory.set("outbox", this.all.filter((message) => message.client_id !== client_id));
    if (this.#onItsWay === client_id) this.restart();
  }

  /** Send from the first again, now or after a pause; sending twice is harmless. @param {number} [seconds] */
  restart(seconds = 0) {
    this.#onItsWay = null;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.pump(), seconds * 1000);
  }

  pump() {
    const [next] = this.all;
    if (this.#onItsWay || !next) return;
    const { client_id, text } = next;
    if (this.send({ type: "message.send", client_id, text })) this.#onItsWay = client_id;
  }
}

/** A WebSocket that greets with `hello`, is watched by pings, and is opened again for ever with growing pauses. */
export class Connection {
  state = "connecting";
  failures = 0;
  #socket = null;
  #timer = 0; // the one next thing: a ping, the end of our patience, or another attempt
  #since = Infinity;
  #pause = 0;
  #later = new Map();

  /** @param {{url: string, hello: () => object, onframe: (frame: any) => void, onstate: () => void}} options */
  constructor(options) { Object.assign(this, options); }

  /** @param {AbortSignal} signal  ends it */
  start(signal) {
    addEventListener("online", () => this.#wake(), { signal });
    addEventListener("offline", () => this.#lost(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.#wake(), { signal });
    signal.addEventListener("abort", () => this.#drop());
    this.#open();
  }

  /** Send now; false when there is no line. @param {object} frame */
  send(frame) {
    if (this.state !== "connected" || this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    if (/send|ping/.test(frame.type)) this.#patience(); // these are answered: silence tells that the line is dead
    return true;
  }

  /** Send now or as soon as there is a line; of each type only the latest. @param {{type: string}} frame */
  sendLater(frame) {
    if (!this.send(frame)) this.#later.set(frame.type, frame);
  }

  /** Leave and come back at once, to greet anew. */
  restart() {
    this.#drop();
    this.#open();
  }

  #open() {
    clearTimeout(this.#timer);
    const socket = (this.#socket = new WebSocket(this.url));
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", ...this.hello() }));
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = () => this.#lost();
    this.#patience();
  }

  #receive(frame) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.send({ type: "ping" }), PING_AFTER_QUIET);
    if (frame.type === "bye") this.#pause = frame.retry_after_seconds * 1000;
    if (frame.type !== "welcome") return this.onframe(frame);
    this.#since = Date.now();
    this.#turn("connected");
    this.onframe(frame);
    this.#flush();
  }

  #flush() {
    for (const [type, frame] of this.#later) if (this.send(frame)) this.#later.delete(type);
  }

  #patience() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lost(), ANSWER_WITHIN);
  }

  /** Back from sleep or from a tunnel: check the line, or open it without waiting for our turn. */
  #wake() {
    if (!this.send({ type: "ping" })) this.restart();
  }

  #lost() {
    this.#drop();
    if (Date.now() - this.#since > STABLE_AFTER) this.failures = 0;
    this.#since = Infinity;
    const pause = this.#pause || Math.min(LONGEST_PAUSE, 500 * 2 ** this.failures);
    this.#pause = 0;
    this.failures += 1;
    // Jitter, so that the guests of a hotel don't come back as one.
    this.#timer = setTimeout(() => this.#open(), pause * (0.5 + Math.random()));
    this.#turn(navigator.onLine ? "reconnecting" : "offline");
  }

  #drop() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    if (this.state === "connected") this.state = "reconnecting";
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #turn(state) {
    this.state = state;
    this.onstate();
  }
}
