// What pages do with news: fetch the parts they concern. Everything else works without this file.
(() => {
  const ready = () => {
    watchUse();
    watchParts();
    showConnection();
    const thread = document.getElementById("thread");
    if (thread) followConversation(thread);
  };

  // --- what is in use just now ----------------------------------------------------------------------------------

  // A press is two halves, and a button exchanged between them swallows both.
  let pressed = null;
  const TAP = 100; // ms: a tap's click comes a moment after the finger has gone

  // News must not exchange a part in which one is pressing something, or whose answer to a press is under way.
  const inUse = (part) =>
    part.contains(pressed) || part.querySelector(".htmx-request") || document.querySelector(`.htmx-request[hx-target="#${part.id}"]`);

  // "freed": something that was in use may not be any more; who held news back tries again.
  function watchUse() {
    const freed = () => document.dispatchEvent(new CustomEvent("freed"));
    let ending = null;
    const begin = ({ target }) => {
      clearTimeout(ending);
      pressed = target;
    };
    const end = () => {
      if (!pressed) return;
      clearTimeout(ending);
      ending = setTimeout(() => {
        pressed = null;
        freed();
      }, TAP);
    };
    addEventListener("pointerdown", begin, true);
    addEventListener("keydown", (event) => event.key === " " && begin(event), true);
    ["pointerup", "pointercancel", "dragend", "keyup", "blur"].forEach((kind) => addEventListener(kind, end, true));
    document.addEventListener("focusout", () => setTimeout(freed));
    document.body.addEventListener("htmx:afterRequest", freed);
  }

  // --- parts of pages -------------------------------------------------------------------------------------------

  const CONCERNS = {
    inbox: (n) => !["reply_delta", "reply_withdrawn", "turn_started", "typing_changed", "state", "connection", "knowledge_changed", "settings_changed"].includes(n.kind),
    requests: (n) => n.kind === "request_changed" || n.kind === "resync",
    knowledge: (n) => n.kind === "knowledge_changed" || n.kind === "resync",
    all: (n) => ["message_posted", "ownership_changed", "request_changed", "resync", "state_changed"].includes(n.kind),
  };

  // Refreshes of one part are at least this far apart (ms), so that a busy hour costs no more than a quiet one.
  const GAP = 700;

  function watchParts() {
    const last = {};
    const timers = {};
    const owed = new Set(); // concerns with news that could not be fetched or shown yet
    const busy = (part) => inUse(part) || part.querySelector("select:focus, textarea:focus");
    const refresh = (concern) => {
      if (timers[concern]) return;
      const due = Math.max(60, (last[concern] || 0) + GAP - Date.now());
      timers[concern] = setTimeout(() => {
        timers[concern] = null;
        last[concern] = Date.now();
        document.querySelectorAll(`[data-live="${concern}"]`).forEach((part) => {
          // An answer that is under way may be older than this news.
          if (part.matches(".htmx-request") || busy(part)) owed.add(concern);
          else htmx.trigger(part, "renew");
        });
      }, due);
    };
    document.addEventListener("live", ({ detail }) => {
      Object.keys(CONCERNS).forEach((concern) => {
        if (CONCERNS[concern](detail)) refresh(concern);
      });
    });
    document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
      const part = detail.target;
      const concern = part.dataset.live;
      if (!CONCERNS[concern] || detail.requestConfig.elt !== part || !busy(part)) return;
      detail.shouldSwap = false;
      owed.add(concern);
    });
    document.addEventListener("freed", () => {
      owed.forEach(refresh);
      owed.clear();
    });
  }

  function showConnection() {
    const place = document.getElementById("live-state");
    if (!place) return;
    let slow = null;
    const show = (look) => {
      place.hidden = false;
      place.dataset.look = look;
      place.querySelector(".live-word").textContent = place.dataset[`${look}Text`];
    };
    document.addEventListener("live", ({ detail }) => {
      if (detail.kind === "connection" && !detail.up) show("lost");
      if (detail.kind === "connection" && detail.up) show(slow ? "late" : "live");
      if (detail.kind === "state") {
        show(detail.slow ? "late" : "live");
        if (slow !== null && slow !== detail.slow) document.dispatchEvent(new CustomEvent("live", { detail: { kind: "state_changed" } }));
        slow = detail.slow;
      }
    });
  }

  // --- a conversation -------------------------------------------------------------------------------------------

  function followConversation(thread) {
    const id = thread.dataset.conversation;
    const transcript = document.getElementById("transcript");
    const scroll = document.getElementById("scroll");
    const toEnd = document.getElementById("to-end");
    if (!transcript.dataset.live) return; // earlier messages: a page to read, not to follow
    const draftKey = `concierge-draft-${id}`;

    const lastSeq = () => Number(transcript.lastElementChild?.dataset.seq || 0);

    // Whoever reads further up is not pulled down; only they themselves scroll up. That what is below has grown since
    // says nothing about them: scrolling is heard of a moment after it has happened.
    let follows = true;
    let top = 0;
    const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
    const goToEnd = () => {
      scroll.scrollTop = scroll.scrollHeight;
      top = scroll.scrollTop;
      toEnd.hidden = true;
    };

    // One question for news at a time; what comes meanwhile is asked for afterwards.
    let asking = false;
    let again = false;
    let answered = 0; // answers to what one did here: news asked for before one of them are older than it
    let answeredWhenAsked = 0;
    const ask = async () => {
      if (asking) {
        again = true;
        return;
      }
      asking = true;
      answeredWhenAsked = answered;
      const { holder } = document.getElementById("composer").dataset;
      try {
        await htmx.ajax("GET", `/admin/conversations/${id}/news?after=${lastSeq()}&holder=${holder}`, { target: "#transcript", swap: "beforeend", source: transcript });
      } catch {
        // The connection is away; the next notice or "resync" asks again.
      }
      asking = false;
      if (again) {
        again = false;
        ask();
      }
    };

    const growing = makeGrowing();
    const typing = makeTyping();

    document.addEventListener("live", ({ detail }) => {
      if (detail.kind === "resync" || (detail.kind === "connection" && detail.up)) ask();
      if (detail.conversation_id !== id) return;
      if (detail.kind === "reply_delta") growing.add(detail);
      else if (detail.kind === "reply_withdrawn") growing.withdraw(detail);
      else if (detail.kind === "typing_changed") typing(detail);
      else if (detail.kind !== "turn_started") ask();
    });

    // Answers overlap: the news of a reply may come before the answer to it. So nothing here belongs to one answer.
    let shown = lastSeq(); // what has been scrolled to and read out
    let replied = false;
    let isNews = false;
    document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
      const { elt } = detail.requestConfig;
      isNews = elt === transcript;
      if (isNews && answeredWhenAsked !== answered) {
        detail.shouldSwap = false;
        again = true;
      }
      if (!isNews && detail.target === transcript) answered += 1;
      if (elt.id !== "reply") return;
      replied = true;
      if (detail.xhr.status === 200) sessionStorage.removeItem(draftKey);
    });
    document.body.addEventListener("htmx:afterSettle", () => {
      const seen = new Set();
      transcript.querySelectorAll("[data-seq]").forEach((message) => {
        if (seen.has(message.dataset.seq)) message.remove();
        seen.add(message.dataset.seq);
      });
      const last = transcript.lastElementChild;
      if (replied) document.getElementById("reply-text")?.focus();
      replied = false;
      document.querySelectorAll("[data-shown-seq]").forEach((field) => {
        field.value = String(Math.max(Number(field.value), lastSeq()));
      });
      if (follows) goToEnd(); // what is said of a message later makes it longer
      if (!last || lastSeq() === shown) return;
      shown = lastSeq();
      document.getElementById("transcript-empty")?.remove();
      if (last.dataset.author === "concierge") growing.clear();
      if (last.dataset.author === "guest") typing({ author: "guest", active: false });
      if (follows || last.dataset.author === "staff") goToEnd();
      else toEnd.hidden = false;
      announce(last);
      markRead();
    });

    toEnd.addEventListener("click", goToEnd);
    scroll.addEventListener("scroll", () => {
      if (atEnd()) follows = true;
      else if (scroll.scrollTop < top) follows = false;
      top = scroll.scrollTop;
      if (follows) toEnd.hidden = true;
    });
    // A composer that grows hides nothing, nor does a reply on its way.
    const sizes = new ResizeObserver(() => follows && goToEnd());
    [scroll, document.getElementById("growing"), document.getElementById("guest-typing")].forEach((part) => sizes.observe(part));

    let owed = null; // the part that was in use when there was news of it
    document.body.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
      if (!isNews || !inUse(detail.target)) return;
      detail.shouldSwap = false;
      owed = detail.target;
    });
    document.addEventListener("freed", () => {
      if (!owed || inUse(owed)) return;
      owed = null;
      ask();
    });

    // What one writes survives reloads, refusals and colleagues who were faster.
    const keepDraft = () => {
      const field = document.getElementById("reply-text");
      if (field && !field.value) field.value = sessionStorage.getItem(draftKey) || "";
    };
    document.body.addEventListener("htmx:oobAfterSwap", keepDraft);
    const sayNotSent = (isSo) => ({ target }) => {
      if (thread.contains(target) && target !== transcript) document.getElementById("not-sent").hidden = !isSo;
    };
    document.body.addEventListener("htmx:beforeRequest", sayNotSent(false));
    ["htmx:sendError", "htmx:timeout"].forEach((kind) => document.body.addEventListener(kind, sayNotSent(true)));
    thread.addEventListener("input", ({ target }) => {
      if (target.id !== "reply-text") return;
      sessionStorage.setItem(draftKey, target.value);
      sayTyping(target.value !== "");
    });
    thread.addEventListener("keydown", (event) => {
      if (event.target.id === "reply-text" && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        event.target.form.requestSubmit();
      }
    });
    thread.addEventListener("submit", () => sayTyping(false));

    let typingSaid = 0;
    const sayTyping = (active) => {
      if (active ? Date.now() - typingSaid < 3000 : typingSaid === 0) return;
      typingSaid = active ? Date.now() : 0;
      post("typing", { active });
    };

    let readSaid = 0;
    const markRead = () => {
      if (document.getElementById("state").dataset.holder !== "mine" || document.hidden || lastSeq() <= readSaid) return;
      readSaid = lastSeq();
      post("read", { seq: readSaid });
    };
    document.addEventListener("visibilitychange", markRead);

    const post = (deed, fields) =>
      fetch(`/admin/conversations/${id}/${deed}`, {
        method: "POST",
        headers: JSON.parse(document.body.getAttribute("hx-headers")),
        body: new URLSearchParams(fields),
      }).catch(() => {});

    goToEnd();
    keepDraft();
    markRead();
  }

  // The concierge's reply as it grows. A later attempt replaces an earlier one; the stored message replaces both.
  function makeGrowing() {
    const box = document.getElementById("growing");
    const text = document.getElementById("growing-text");
    let turn = null;
    let attempt = 0;
    let sentences = [];
    const clear = () => {
      box.hidden = true;
      sentences = [];
      text.textContent = "";
    };
    const add = (delta) => {
      if (delta.turn_id === turn && delta.attempt < attempt) return;
      if (delta.turn_id !== turn || delta.attempt > attempt) sentences = [];
      turn = delta.turn_id;
      attempt = delta.attempt;
      if (delta.index === 0) sentences = [];
      sentences[delta.index] = delta.text;
      text.textContent = sentences.join("");
      box.hidden = false;
    };
    const withdraw = (gone) => {
      if (gone.turn_id !== turn || gone.attempt >= attempt) clear();
    };
    return { add, clear, withdraw };
  }

  function makeTyping() {
    const place = document.getElementById("guest-typing");
    let timer = null;
    return ({ author, active }) => {
      if (author !== "guest") return;
      clearTimeout(timer);
      place.hidden = !active;
      // A guest who closes the laptop never says that they stopped.
      if (active) timer = setTimeout(() => (place.hidden = true), 8000);
    };
  }

  function announce(message) {
    const place = document.getElementById("announcer");
    if (message.dataset.author === "staff") return;
    const who = message.querySelector(".message-by strong").textContent;
    place.textContent = `${who}: ${message.querySelector(".bubble").textContent}`;
    setTimeout(() => (place.textContent = ""), 2000);
  }

  ready();
})();
