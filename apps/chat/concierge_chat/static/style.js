/** How the chat looks: one style sheet, light and dark, and colours that stay readable whatever the hotel's brand. */

const LIGHT = "color-scheme:light;--surface:#fff;--bubble:#f5f2ed;--ink:#23262b;--muted:#5d626a;--line:#e4dfd7;--fill:var(--brand);--on:var(--on-brand);--accent:var(--accent-light)";
const DARK = "color-scheme:dark;--surface:#17191d;--bubble:#25282e;--ink:#eeebe6;--muted:#a9adb5;--line:#3a3e46;--fill:var(--brand-dark);--on:var(--on-dark);--accent:var(--accent-dark)";

const CSS = `
:host{all:initial;${LIGHT};font:400 1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans Arabic",sans-serif;color:var(--ink)}
@media(prefers-color-scheme:dark){:host{${DARK}}}
:host([theme=light]){${LIGHT}}
:host([theme=dark]){${DARK}}
:host([hidden]),[hidden]{display:none!important}
*{box-sizing:border-box;margin:0}
button,input,select,textarea{font:inherit;color:inherit;background:none;border:1px solid var(--line);border-radius:.75rem;min-height:2.75rem;padding:.4rem .9rem}
button{cursor:pointer}
button:disabled{cursor:default;opacity:.55}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
svg{width:1.4rem;height:1.4rem;fill:none;stroke:currentColor;stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round;flex:none}
.main{background:var(--fill);color:var(--on);border-color:#0000}
.icon{border:0;width:2.75rem;padding:0;display:grid;place-items:center}
.quiet{border-color:#0000;color:var(--muted)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.launcher{position:fixed;inset:auto 1.25rem 1.25rem auto;z-index:2147483000;width:3.75rem;height:3.75rem;border-radius:50%;border:1px solid #ffffff40;display:grid;place-items:center;box-shadow:0 6px 24px #0004}
:host([position=left]) .launcher{inset:auto auto 1.25rem 1.25rem}
.launcher svg{width:1.8rem;height:1.8rem}
.badge{position:absolute;inset:-.25rem -.25rem auto auto;min-width:1.5rem;border-radius:1rem;background:#b3261e;color:#fff;font:600 .85rem/1.5rem system-ui;text-align:center;padding:0 .3rem}
.panel{display:flex;flex-direction:column;background:var(--surface);overflow:hidden;position:relative;height:100%}
:host(:not([mode=page])) .panel{position:fixed;inset:auto 1.25rem 6rem auto;z-index:2147483001;width:25rem;max-width:calc(100vw - 2.5rem);height:min(42rem,100dvh - 7.5rem);border:1px solid var(--line);border-radius:1.25rem;box-shadow:0 16px 56px #0005}
:host([position=left]) .panel{inset:auto auto 6rem 1.25rem!important}
:host([mode=page]){display:block;height:100%}
header{display:flex;align-items:center;gap:.5rem;padding:.75rem .75rem .75rem 1.25rem;padding-inline:1.25rem .75rem;border-bottom:1px solid var(--line)}
header div{flex:1;min-width:0}
h2{font:600 1.1rem/1.3 ui-serif,"New York",Georgia,"Noto Serif","Noto Naskh Arabic",serif;overflow-wrap:anywhere}
.state{font-size:.85rem;color:var(--muted)}
.state::before{content:"";display:inline-block;width:.55rem;height:.55rem;border-radius:50%;margin-inline-end:.45rem;background:#a86500}
.connected::before{background:#2c8a57}
select{border-color:#0000;max-width:8rem;padding:.4rem;font-size:.9rem;background:var(--surface)}
.strip{padding:.6rem 1.25rem;font-size:.9rem;background:var(--bubble);border-bottom:1px solid var(--line)}
.log{flex:1;overflow-y:auto;overscroll-behavior:contain;padding:1.25rem;display:flex;flex-direction:column;gap:1rem;min-height:6rem;outline-offset:-3px}
.note,.day{font-size:.85rem;color:var(--muted);text-align:center}
article{max-width:86%;align-self:flex-start;display:flex;flex-direction:column;align-items:flex-start}
.guest{align-self:flex-end;align-items:flex-end}
.text{background:var(--bubble);border-radius:1.1rem;border-end-start-radius:.3rem;padding:.65rem 1rem;white-space:pre-wrap;overflow-wrap:anywhere;text-align:start;max-width:100%}
.guest .text{background:var(--fill);color:var(--on);border-radius:1.1rem;border-end-end-radius:.3rem}
.staff .text{background:none;border:1px solid var(--accent)}
.text a{color:inherit;text-underline-offset:2px}
.who,.meta{font-size:.8rem;color:var(--muted);padding:.15rem .25rem;overflow-wrap:anywhere}
.meta button{font-size:.85rem;color:inherit;padding:.4rem .75rem}
.dots{display:flex;gap:.3rem;padding:.95rem 1rem}
.dots i{width:.45rem;height:.45rem;border-radius:50%;background:var(--muted);animation:rest 1.2s infinite}
.dots i+i{animation-delay:.2s}
.dots i+i+i{animation-delay:.4s}
@keyframes rest{40%{opacity:.25}}
.choices{display:flex;flex-wrap:wrap;gap:.5rem}
.choices button{border-color:var(--accent);color:var(--accent);border-radius:1.4rem;text-align:start}
.card{border:1px solid var(--line);border-radius:1.1rem;padding:1rem;display:flex;flex-direction:column;gap:.6rem}
.card label{font-size:.9rem;color:var(--muted);display:flex;flex-direction:column}
.card label.check{flex-direction:row;align-items:center;gap:.6rem}
input{width:100%;color:var(--ink)}
[type=checkbox]{width:1.5rem;min-height:1.5rem;flex:none;accent-color:var(--accent)}
.row{display:flex;flex-wrap:wrap;gap:.5rem}
.row .star{flex:1;padding:0;font-size:1.35rem;color:var(--accent);min-width:2.75rem}
.newest{position:absolute;inset:auto 50% 8.75rem auto;transform:translate(50%);border-radius:1.4rem;box-shadow:0 4px 16px #0004;white-space:nowrap}
.composer{display:flex;gap:.5rem;align-items:flex-end;padding:.75rem 1.25rem 0;border-top:1px solid var(--line)}
textarea{flex:1;min-width:0;resize:none;max-height:9rem;min-height:2.9rem;padding:.65rem .9rem;border-color:var(--muted);border-radius:1.4rem}
textarea::placeholder{color:var(--muted);opacity:1}
.composer button{width:2.9rem;height:2.9rem;border-radius:50%}
:dir(rtl)>svg.turn{transform:scaleX(-1)}
.foot{display:flex;justify-content:center;padding:.15rem .75rem .4rem}
.foot button{display:flex;align-items:center;gap:.5rem;font-size:.95rem;color:var(--accent)}
@media(max-width:30rem){:host(:not([mode=page])) .panel{inset:0!important;width:auto;max-width:none;height:100dvh;border:0;border-radius:0}.log{padding:1rem}}
@media(prefers-reduced-motion:no-preference){article:not(.known),.choices,.card{animation:come .25s ease-out}@keyframes come{from{opacity:0;translate:0 .4rem}}}
@media(prefers-reduced-motion:reduce){.dots i{animation:none}}
@media(forced-colors:active){.text,.main{border:1px solid}}
`;

/** Dress the shadow root without a style attribute or element (strict CSP), except where the browser knows no other way.
 * @param {ShadowRoot} root @param {{primary_color?: string, accent_color?: string}} branding */
export function dress(root, branding) {
  const css = `${CSS}:host{${palette(root.host, branding)}}`;
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(Object.assign(document.createElement("style"), { textContent: css }));
  }
}

/** Brand colours as custom properties. The page's own `--concierge-primary` and `--concierge-accent` win. */
function palette(host, { primary_color, accent_color }) {
  const own = getComputedStyle(host);
  const primary = rgb(host, own.getPropertyValue("--concierge-primary") || primary_color) || [36, 66, 74];
  const accent = rgb(host, own.getPropertyValue("--concierge-accent") || accent_color) || primary;
  const dark = until(3, primary, [23, 25, 29], 255);
  return Object.entries({
    "--brand": primary, "--on-brand": on(primary), "--brand-dark": dark, "--on-dark": on(dark),
    "--accent-light": until(4.6, accent, [245, 242, 237], 0), "--accent-dark": until(4.6, accent, [37, 40, 46], 255),
  }).map(([name, colour]) => `${name}:rgb(${colour})`).join(";");
}

/** Red, green and blue of any CSS colour, as the browser understands it. */
function rgb(host, colour) {
  if (!colour || !CSS_SUPPORTS(colour.trim())) return null;
  const before = host.style.color;
  host.style.setProperty("color", colour.trim(), "important");
  const found = getComputedStyle(host).color.match(/^rgba?\((\d+), (\d+), (\d+)/);
  host.style.color = before;
  return found && found.slice(1).map(Number);
}

const CSS_SUPPORTS = (colour) => window.CSS.supports("color", colour);

/** WCAG relative luminance. */
const luminance = (colour) =>
  colour.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);

/** WCAG contrast of two colours. */
function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** White where it is readable on this colour, else black (one of them always is). */
const on = (colour) => (contrast(colour, [255, 255, 255]) >= 4.5 ? [255, 255, 255] : [0, 0, 0]);

/** The colour, moved towards black (0) or white (255) until it stands out from the ground. */
function until(ratio, colour, ground, target) {
  let moved = colour;
  for (let share = 0; share < 1 && contrast(moved, ground) < ratio; share += 0.05) {
    moved = colour.map((c) => Math.round(c + (target - c) * share));
  }
  return moved;
}
