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
  let position = Number(document.body.dataset.position || 0);

  const tell = (notice) => document.dispatchEvent(new CustomEvent("live", { detail: notice }));
  const tellAll = (notice) => {
    tell(notice);
    if (channel) channel.postMessage({ notice, position });
  };

  if (channel) {
    channel.onmessage = ({ data }) => {
      position = Math.max(position, data.position || 0);
      tell(data.notice);
    };
  }

  const connect = () => {
    const source = new EventSource(position ? `/admin/events?after=${position}` : "/admin/events");
    let wait = null;
    const remember = (event) => {
      if (event.lastEventId) position = Math.max(position, Number(event.lastEventId));
    };
    source.addEventListener("open", () => tellAll({ kind: "connection", up: true }));
    source.addEventListener("notice", (event) => {
      remember(event);
      const notice = JSON.parse(event.data);
      if (notice.kind === "signed_out") {
        source.close();
        location.reload();
      } else {
        tellAll(notice);
      }
    });
    source.addEventListener("error", () => {
      tellAll({ kind: "connection", up: false });
      // A refusal (no place left, a restart behind a proxy) ends an EventSource for good: begin a new one later.
      if (source.readyState === EventSource.CLOSED && !wait) wait = setTimeout(connect, 10000);
    });
  };

  if (navigator.locks && channel) {
    navigator.locks.request(name, () => {
      connect();
      return new Promise(() => {}); // held until this tab goes
    });
    // What happened between this page's rendering and the first notice it hears from another tab.
    setTimeout(() => tell({ kind: "resync" }), 400);
  } else {
    connect();
  }
})();
