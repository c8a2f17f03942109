/**
 * The one line a hotel puts on its own pages: <script src="https://HOST/widget.js" data-language="de" async></script>
 * It loads the chat from its own origin and puts it at the end of the page. Each data-… becomes an attribute of the
 * element: data-language, data-theme (light, dark), data-position (left, right), data-rating-after (seconds).
 */
(() => {
  const { src, dataset } = document.currentScript;
  if (document.querySelector("concierge-chat")) return;
  const chat = document.createElement("concierge-chat");
  chat.setAttribute("origin", new URL(src).origin);
  for (const name in dataset) chat.setAttribute(name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), dataset[name]);
  const add = () => import(new URL("{{widget_src}}", src)).then(() => document.body.append(chat));
  if (document.body) add();
  else addEventListener("DOMContentLoaded", add);
})();
