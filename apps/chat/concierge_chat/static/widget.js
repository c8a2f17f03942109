/**
 * The one line a hotel puts on its own pages: <script src="https://HOST/widget.js" data-language="de" async></script>
 * It loads the chat from its own origin and puts it at the end of the page. Each data-… becomes an attribute of the
 * element: data-language, data-theme (light, dark), data-position (left, right), data-rating-after (seconds).
 */
(async () => {
  const { src, attributes } = document.currentScript;
  const chat = document.createElement("concierge-chat");
  chat.setAttribute("origin", src);
  for (const { name, value } of attributes) if (name.startsWith("data-")) chat.setAttribute(name.slice(5), value);
  await import(new URL("{{widget_src}}", src));
  if (!document.body) await new Promise((done) => addEventListener("DOMContentLoaded", done));
  if (!document.querySelector("concierge-chat")) document.body.append(chat);
})();
