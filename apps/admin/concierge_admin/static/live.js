// One live connection per browser, shared by all tabs of this property.
//
// The tab that holds the lock keeps the connection and passes every notice on; when it closes, the next tab takes over
// and begins where the last one stopped. Pages hear of it as "live" events on the document, `detail` being the notice:
// {kind: "message_posted", conversation_id, seq, author}, {kind: "connection", up}, …
(() => {
  const tenant = document.body.dataset.tenant;
  if (!tenant || !window.EventSource) return;
  const name = `concierge-live-${tenant}`;
  const channel = window.BroadcastChannel ? new BroadcastChannel(name) : null;
  // Up to where this page knows all; null: nobody has said yet.
  let position = document.body.dataset.position ? Number(document.body.dataset.position) : null;

  const tell = (notice) => document.dispatchEvent(new CustomEvent("live", { detail: notice }));
  const tellAll = (notice) => {
    tell(notice);
    if (channel) channel.postMessage({ notice, position });
  };

  let listens = false; // to another tab
  if (channel) {
    channel.onmessage = ({ data }) => {
      listens = true;
      if (data.position !== null) position = Math.max(position, data.position);
      tell(data.notice);
    };
  }

  // The server speaks every 15 s. After sleep, or in a dead spot, nobody tells us that the line is gone: silence does.
  const SILENCE = 40000;
  let source = null;
  let timer = null; // the one next thing: the end of our patience, or another attempt

  const connectAfter = (milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(connect, milliseconds);
  };
  const lost = () => tellAll({ kind: "connection", up: false });

  function connect() {
    if (source) {
      source.close();
      lost();
    }
    source = new EventSource(position === null ? "/admin/events" : `/admin/events?after=${position}`);
    connectAfter(SILENCE);
    source.addEventListener("open", () => tellAll({ kind: "connection", up: true }));
    source.addEventListener("notice", (event) => {
      connectAfter(SILENCE);
      const begins = position === null;
      if (event.lastEventId) position = Math.max(position, Number(event.lastEventId));
      const notice = JSON.parse(event.data);
      if (notice.kind === "signed_out") {
        source.close();
        location.reload();
      } else {
        tellAll(notice);
        // From here on nothing is missed. What happened since the page was made, it has to read.
        if (begins && position !== null) tellAll({ kind: "resync" });
      }
    });
    source.addEventListener("error", ({ target }) => {
      lost();
      // A refusal (no place left, a restart behind a proxy) ends an EventSource for good: begin a new one later.
      if (target.readyState === EventSource.CLOSED) connectAfter(10000);
    });
  }

  const hold = () => {
    addEventListener("offline", lost);
    addEventListener("online", connect);
    connect();
  };

  if (navigator.locks && channel) {
    navigator.locks.request(name, () => {
      hold();
      return new Promise(() => {}); // held until this tab goes
    });
    // What happened between this page's rendering and the first notice it hears from another tab.
    setTimeout(() => (listens || !source) && tell({ kind: "resync" }), 400);
  } else {
    hold();
  }
})();
