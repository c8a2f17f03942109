/**
 * The conversation as a guest sees it: a pure reducer from the server's frames (and our own sends) to a state.
 * It never touches the page, the network or the clock. States are never changed in place.
 *
 * @typedef {{seq?: number, author: string, text: string, at: string, client_id?: string, staff_name?: string,
 *   turn?: string, rung?: string,
 *   sources?: {title: string, updated_at?: string}[], quick_replies?: string[], language?: string,
 *   sending?: "waiting" | "failed"}} Message  `sending` is only there until the server has acknowledged our message
 * @typedef {{turn: string, attempt: number, parts: string[]}} Draft  a reply that is being written
 * @typedef {{conversation?: string, messages: Message[], pending: Message[],
 *   draft?: Draft | null, typing?: string | null, ownership: string, status: string, staffName?: string,
 *   returned?: boolean, readByStaff: number, rating?: number | null, guest: object}} Transcript
 */

/** @type {Transcript} */
export const EMPTY = {
  messages: [], pending: [], ownership: "concierge", status: "open", readByStaff: 0, guest: {},
};

/** What each frame (by `type`) does. `queued` and `refused` are our own.
 * @type {Record<string, (state: Transcript, frame: any) => Transcript>} */
const CHANGES = {
  welcome: (state, frame) => ({
    ...(state.conversation && state.conversation !== frame.conversation ? { ...EMPTY, pending: state.pending } : state),
    conversation: frame.conversation, guest: frame.guest, rating: frame.rating,
    readByStaff: frame.read.staff, draft: null, typing: null,
    ...ownership(state, frame),
  }),
  message: (state, frame) => insert(state, frame),
  ack(state, { client_id, seq, at }) {
    const own = state.pending.find((message) => message.client_id === client_id);
    return own ? insert(state, { ...own, seq, at, sending: undefined }) : state;
  },
  "turn.started": (state, { turn }) => ({ ...state, draft: { turn, attempt: -1, parts: [] } }),
  "reply.delta": (state, frame) => ({ ...state, draft: grown(state.draft, frame) }),
  "reply.withdrawn": (state, frame) => (frame.attempt < state.draft?.attempt ? state : { ...state, draft: null }),
  typing: (state, { author, active }) => ({ ...state, typing: active ? author : null }),
  ownership: (state, frame) => ({
    ...state, ...ownership(state, frame), draft: frame.ownership === "concierge" ? state.draft : null,
  }),
  read: (state, { seq, by }) => (by === "staff" ? { ...state, readByStaff: Math.max(seq, state.readByStaff) } : state),
  queued: (state, { message }) => ({
    ...state, returned: false,
    pending: [...without(state, message), { ...message, author: "guest", sending: "waiting" }],
  }),
  refused: (state, { client_id }) => ({
    ...state,
    pending: state.pending.map((own) => (own.client_id === client_id ? { ...own, sending: "failed" } : own)),
  }),
};

/** The state after a frame; the same object when the frame changes nothing.
 * @param {Transcript} state @param {any} frame */
export function reduce(state, frame) {
  return CHANGES[frame.type]?.(state, frame) || state;
}

/** The newest message up to which we have them all: where to resume from. @param {Transcript} state */
export function lastSeq({ messages }) {
  let seq = messages[0]?.seq || 0;
  for (const message of messages) if (message.seq === seq + 1) seq += 1;
  return seq;
}

/** Messages of others that came after `seq`. @param {Transcript} state @param {number} seq */
export const unreadAfter = (state, seq) =>
  state.messages.filter((message) => message.seq > seq && message.author !== "guest").length;

/** One of the hotel's fixed texts that answers nothing: a colleague was asked, the towels are on their way.
 * @param {Message} message */
export const isNotice = ({ rung, turn }) => rung === "notice" && !turn;

/** Put a stored message into its place; a second copy replaces the first, a reply ends its draft. */
function insert(state, message) {
  const others = state.messages.filter((known) => known.seq !== message.seq);
  const before = others.findLastIndex((known) => known.seq < message.seq) + 1;
  const fromGuest = message.author === "guest";
  return {
    ...state,
    messages: [...others.slice(0, before), message, ...others.slice(before)],
    pending: without(state, message),
    draft: message.author === "concierge" && !isNotice(message) ? null : state.draft,
    typing: message.author === state.typing ? null : state.typing,
    returned: fromGuest ? false : state.returned,
  };
}

/** Own messages that wait, except the one with this client_id. */
const without = (state, { client_id }) => state.pending.filter((message) => message.client_id !== client_id);

/** The draft with its next sentence. A higher attempt starts afresh; a lower one is ignored, as is one after a hole. */
function grown(draft, { turn, attempt, index, text }) {
  const own = draft?.turn === turn ? draft : null;
  if (attempt < own?.attempt) return draft;
  const parts = attempt === own?.attempt ? draft.parts : [];
  return index === parts.length ? { turn, attempt, parts: [...parts, text] } : draft;
}

/** Who answers now; `returned` notes that staff have just given the conversation back. */
const ownership = (state, frame) => ({
  ownership: frame.ownership, status: frame.status, staffName: frame.staff_name,
  returned: frame.ownership === "concierge" && (state.status === "with_staff" || Boolean(state.returned)),
});
