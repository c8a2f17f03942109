/** The hosted page around the chat: the house's facts beside it, in the language the guest chose there. */

import "./concierge-chat.js";

const chat = document.querySelector("concierge-chat");
const title = document.title;

/** @param {string} name @param {string | undefined} text @param {Record<string, string>} [attributes] */
function show(name, text, attributes = {}) {
  const element = document.querySelector(`[data-fact=${name}]`);
  if (!text) return;
  element.hidden = false;
  if (element.localName !== "img") element.textContent = text;
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
}

/** One line, or the parts of an address on their own lines.
 * @param {string | Record<string, string> | undefined} address */
function lines(address) {
  if (!address || typeof address === "string") return address;
  const { street, city } = address;
  const country = countryName(address.country);
  const postalCode = address.postal_code || address.postalCode;
  return [street, [postalCode, city].filter(Boolean).join(" "), country].filter(Boolean).join("\n");
}

/** "DE" as "Germany", in the page's language. @param {string | undefined} country */
const countryName = (country) => (/^[A-Z]{2}$/.test(country)
  ? new Intl.DisplayNames([document.documentElement.lang], { type: "region" }).of(country) : country);

chat.addEventListener("concierge-language", ({ detail: property }) => {
  document.documentElement.lang = property.language;
  document.documentElement.dir = ["ar", "fa", "he", "ur"].includes(property.language) ? "rtl" : "ltr";
  const { logo_url } = property.branding || {};
  show("logo", logo_url, { src: logo_url });
  show("name", property.name);
  show("tagline", property.tagline);
  show("address", lines(property.address));
  show("phone", property.phone, { href: `tel:${property.phone?.replace(/[^+\d]/g, "")}` });
  show("email", property.email, { href: `mailto:${property.email}` });
  const { website } = property;
  if (/^https?:/.test(website)) show("website", new URL(website).hostname, { href: website });
});

chat.addEventListener("concierge-unread", ({ detail: count }) => {
  document.title = count ? `(${count}) ${title}` : title;
});
