/** How the chat looks: one style sheet, light and dark, and colours that stay readable whatever the hotel's brand. */

const LIGHT = "color-scheme:light;--surface:#fff;--bubble:#f5f2ed;--ink:#23262b;--muted:#5d626a;--line:#e4dfd7;--fill:var(--fill-light);--on:var(--on-light);--accent:var(--accent-light)";
const DARK = "color-scheme:dark;--surface:#17191d;--bubble:#25282e;--ink:#eeebe6;--muted:#a9adb5;--line:#3a3e46;--fill:var(--fill-dark);--on:var(--on-dark);--accent:var(--accent-dark)";

const CSS = `
:host{all:initial;${LIGHT};font:1rem/1.5 var(--concierge-font,system-ui,"Segoe UI",Roboto,"Noto Sans","Noto Sans Arabic"),sans-serif;color:var(--ink)}
@media(prefers-color-scheme:dark){:host{${DARK}}}
:host([theme=light]){${LIGHT}}
:host([theme=dark]){${DARK}}
[hidden]{display:none!important}
*{box-sizing:border-box;margin:0;overflow-wrap:anywhere}
button,input,select,textarea{font:inherit;color:inherit;background:none;border:1px solid var(--line);border-radius:.75rem;min-height:2.75rem;padding:.4rem .9rem}
button{cursor:pointer}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
svg{width:1.5rem;fill:none;stroke:currentColor;stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round}
.main{background:var(--fill);color:var(--on);border-color:#0000}
.quiet{border-color:#0000;color:var(--muted)}
.icon{width:2.75rem;height:2.75rem;padding:0;border-radius:50%;display:grid;place-items:center;flex:none}
.live{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.launcher,.panel{position:fixed;z-index:2147483000;inset:auto 1.25rem 1.25rem auto;box-shadow:0 8px 40px #0004}
.launcher{width:3.75rem;height:3.75rem;border-color:#fff6}
.badge{position:absolute;inset:-.3rem -.3rem auto auto;min-width:1.5rem;border-radius:1rem;background:#b3261e;color:#fff;font:600 .85rem/1.5rem system-ui}
.panel{display:flex;flex-direction:column;background:var(--surface);overflow:hidden;bottom:6rem;width:25rem;max-width:calc(100vw - 2.5rem);height:min(42rem,100dvh - 7.5rem);border:1px solid var(--line);border-radius:1.25rem}
:host([position=left]) :is(.launcher,.panel){right:auto;left:1.25rem}
header,.composer{display:flex;align-items:center;gap:.5rem;padding:.75rem 1.25rem;border-bottom:1px solid var(--line)}
header div{flex:1}
h2{font:600 1.1rem/1.3 ui-serif,Georgia,"Noto Serif","Noto Naskh Arabic",serif}
.state,.strip,.note,label{font-size:.9rem;color:var(--muted)}
.state::before{content:"";display:inline-block;width:.55rem;height:.55rem;border-radius:50%;margin-inline-end:.4rem;background:#a86500}
.connected::before{background:#2c8a57}
select{border:0;max-width:8rem;font-size:.9rem;background:var(--surface)}
.strip{padding:.6rem 1.25rem;background:var(--bubble);color:var(--ink)}
.log{flex:1;overflow-y:auto;overscroll-behavior:contain;padding:1.25rem;display:flex;flex-direction:column;gap:1rem;outline-offset:-2px}
.note{text-align:center}
article{max-width:86%;align-self:start}
.guest{align-self:end;text-align:end}
.text{background:var(--bubble);border-radius:1.1rem;border-end-start-radius:.3rem;padding:.65rem 1rem;white-space:pre-wrap;text-align:start;width:fit-content}
.guest .text{background:var(--fill);color:var(--on);border-radius:1.1rem;border-end-end-radius:.3rem;margin-inline-start:auto}
.staff .text{background:none;outline:1px solid var(--accent)}
a{color:inherit;text-underline-offset:2px}
.who,.meta{font-size:.8rem;color:var(--muted);padding:.15rem .25rem}
.dots{display:flex;gap:.3rem;padding:1rem}
i{width:.45rem;height:.45rem;border-radius:50%;background:var(--muted)}
.row{display:flex;flex-wrap:wrap;gap:.5rem}
.choices button,.foot button,.star{border-color:var(--accent);color:var(--accent);border-radius:1.4rem}
.card{border:1px solid var(--line);border-radius:1.1rem;padding:1rem;display:grid;gap:.6rem}
form.row label{flex:1 1 10rem}
form .check{display:flex;align-items:center;gap:.6rem;flex-basis:100%}
input{width:100%;color:var(--ink);border-color:var(--muted)}
.check input{width:1.5rem;accent-color:var(--accent)}
.star{flex:1;padding:0}
.newest{align-self:center;margin-top:-3.25rem;z-index:1}
.composer{align-items:end;padding-bottom:0;border:0;border-top:1px solid var(--line)}
textarea{flex:1;min-width:0;resize:none;max-height:9rem;padding:.55rem 1rem;border-color:var(--muted);border-radius:1.4rem}
::placeholder{color:var(--muted);opacity:1}
[dir=rtl] .composer svg{scale:-1 1}
.foot{text-align:center;padding:.15rem}
.foot button{border:0;display:inline-flex;align-items:center;gap:.5rem}
@media(max-width:30rem){.panel{inset:0!important;width:auto;max-width:none;height:100dvh;border:0;border-radius:0}}
:host([mode=page]){display:block;height:100%}
:host([mode=page]) .panel{position:static;width:auto;max-width:none;height:100%;border:0;border-radius:0;box-shadow:none}
@media(prefers-reduced-motion:no-preference){article:not(.known),.card{animation:come .25s}i{animation:rest 1.2s infinite}i+i{animation-delay:.2s}i+i+i{animation-delay:.4s}}
@keyframes come{0%{opacity:0}}
@keyframes rest{40%{opacity:.25}}
`;

/** Dress the shadow root without a style attribute or element (strict CSP), except where the browser knows no other way.
 * @param {ShadowRoot} root @param {{primary_color?: string, accent_color?: string}} branding */
export function dress(root, branding) {
  const css = `${CSS}:host{${palette(getComputedStyle(root.host), branding)}}`;
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const style = document.createElement("style");
    style.textContent = css;
    root.append(style);
  }
}

/** Brand colours as custom properties. The page's own `--concierge-primary` and `--concierge-accent` win (#rrggbb). */
function palette(page, { primary_color, accent_color }) {
  const primary = rgb(page.getPropertyValue("--concierge-primary")) || rgb(primary_color) || [36, 66, 74];
  const accent = rgb(page.getPropertyValue("--concierge-accent")) || rgb(accent_color) || primary;
  return colours("light", primary, accent, [245, 242, 237], 0) + colours("dark", readable(3, primary, [23, 25, 29], 255), accent, [37, 40, 46], 255);
}

function colours(scheme, fill, accent, ground, target) {
  const on = contrast(fill, WHITE) < 4.5 ? [0, 0, 0] : WHITE;
  return `--fill-${scheme}:rgb(${fill});--on-${scheme}:rgb(${on});--accent-${scheme}:rgb(${readable(4.6, accent, ground, target)});`;
}

const WHITE = [255, 255, 255];

const rgb = (colour) => /^\s*#[\da-f]{6}\s*$/i.test(colour) && colour.match(/[\da-f]{2}/gi).map((part) => parseInt(part, 16));

/** WCAG relative luminance. */
const luminance = (colour) =>
  colour.reduce((sum, c, i) => sum + [0.2126, 0.7152, 0.0722][i] * (c < 11 ? c / 3295 : ((c / 255 + 0.055) / 1.055) ** 2.4), 0);

/** WCAG contrast of two colours. */
function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** The colour, moved towards black (0) or white (255) until it stands out from the ground. */
function readable(ratio, colour, ground, target) {
  let moved = colour;
  for (let share = 0; contrast(moved, ground) < ratio; share += 0.05) moved = colour.map((c) => Math.round(c + (target - c) * share));
  return moved;
}
