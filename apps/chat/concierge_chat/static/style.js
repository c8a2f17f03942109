/** How the chat looks: one style sheet, light and dark, and colours that stay readable whatever the hotel's brand. */

const SERIF = 'Georgia,"Noto Serif",serif';

/** A colour with every part of its XYZ (y is what WCAG calls luminance) put through a formula of it and of white's. */
const shifted = (colour, formula) =>
  `color(from var(--${colour}) xyz calc(${formula("x", 0.95)}) calc(${formula("y", 1)}) calc(${formula("z", 1.09)}))`;

const darker = (colour, most) => shifted(colour, (part) => `${part}*min(1,${most}/y)`);
const lighter = (colour, least) =>
  shifted(colour, (part, white) => `${part} + (${white} - ${part})*max(0,(${least} - y)/(1 - y))`);
const ON = `--on:${shifted("fill", (_, white) => `${white}*clamp(0,(.179 - y)*9999,1)`)}`;

const LIGHT = `color-scheme:light;
  --surface:#fff;--bubble:#f5f2ed;--ink:#23262b;--muted:#5d626a;--line:#e4dfd7;
  --fill:var(--brand);${ON};--accent:${darker("mark", ".15")}`;
const DARK = `color-scheme:dark;
  --surface:#17191d;--bubble:#25282e;--ink:#eeebe6;--muted:#a9adb5;--line:#3a3e46;
  --fill:${lighter("brand", ".12")};${ON};--accent:${lighter("mark", ".29")}`;

const CSS = `
:host{all:initial;${LIGHT};font:1rem/1.5 system-ui,sans-serif;color:var(--ink)}
@media(prefers-color-scheme:dark){:host{${DARK}}}
:host([theme=light]){${LIGHT}}
:host([theme=dark]){${DARK}}
[hidden]{display:none!important}
*{box-sizing:border-box;margin:0;overflow-wrap:anywhere}
button,input,select,textarea{
  font:inherit;color:inherit;background:none;border:1px solid var(--muted);border-radius:1.4rem;min-height:2.75rem;
  padding:.6rem 1rem}
button{cursor:pointer;border-color:var(--accent);color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
svg{width:1.5rem;fill:none;stroke:currentColor;stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round}
.main{background:var(--fill);color:var(--on);border-color:#0000}
.quiet{border-color:#0000;color:var(--muted)}
.icon{width:2.75rem;height:2.75rem;padding:0;display:grid;place-items:center;flex:none}
.live{position:fixed;clip-path:inset(50%)}
.float{position:fixed;z-index:99999;inset:auto 1.25rem 1.25rem auto;box-shadow:0 8px 40px #0004}
.launcher{width:3.75rem;height:3.75rem;border-radius:50%;border-color:#fff6}
.badge{
  position:absolute;inset:-.3rem -.3rem auto auto;min-width:1.5rem;border-radius:1.4rem;background:#b3261e;
  color:#fff}
.panel{display:flex;flex-direction:column;background:var(--surface);height:100%}
.panel.float{
  bottom:6rem;width:25rem;max-width:calc(100vw - 2.5rem);height:min(42rem,100dvh - 7.5rem);overflow:hidden;
  border:1px solid var(--line);border-radius:1.25rem}
:host([position=left]) .float{right:auto;left:1.25rem}
.head,.composer{display:flex;align-items:center;gap:.6rem;padding:.6rem 1.25rem;border-bottom:1px solid var(--line)}
.head div{flex:1}
h2{font:600 1.1rem/1.3 var(--display)}
.state,.strip,p.note,.who,.meta,.foot p,label,select{font-size:.85rem;color:var(--muted)}
.state::before{content:"● "/"";color:#b87a1e}
.connected::before{color:#2c8a57}
select{border:0;max-width:8rem;background:var(--surface)}
.strip{padding:.6rem 1.25rem;background:var(--bubble);color:var(--ink)}
.log{
  flex:1;overflow-y:auto;overscroll-behavior:contain;padding:1.25rem;display:flex;flex-direction:column;gap:1rem;
  outline-offset:-2px}
article{max-width:86%;align-self:start}
.note{text-align:center;align-self:center}
.guest{align-self:end;text-align:end}
.text{
  background:var(--bubble);border-radius:1.1rem;border-end-start-radius:.3rem;padding:.6rem 1rem;
  white-space:pre-wrap;text-align:start;width:fit-content}
.guest .text{
  background:var(--fill);color:var(--on);border-radius:1.1rem;border-end-end-radius:.3rem;margin-inline-start:auto}
.staff .text{background:none;border:1px solid var(--accent)}
.note .text{background:none;border:1px solid var(--line);text-align:inherit}
a{color:inherit}
.who,.meta{padding:.15rem .3rem}
.dots{color:var(--muted)}
.row{display:flex;flex-wrap:wrap;gap:.6rem}
.card{border:1px solid var(--line);border-radius:1.1rem;padding:1rem;display:grid;gap:.6rem}
label{flex:1 14rem}
.check{display:flex;align-items:center;gap:.6rem;flex:100%}
input{width:100%;color:var(--ink)}
.check input{width:1.5rem;accent-color:var(--accent)}
.star{flex:1;padding:0}
.newest{align-self:center;margin-top:-3.25rem;z-index:1}
.composer{padding-bottom:0;border:0;border-top:1px solid var(--line)}
textarea{flex:1;resize:none;max-height:9rem}
::placeholder{color:var(--muted);opacity:1}
.foot,.person{justify-content:space-evenly;align-items:center}
.person{border:0;padding:0;display:flex;gap:.6rem}
.foot a{display:inline-block;padding:.75rem 0}
@media(max-width:30rem){
  .panel.float{inset:0!important;width:auto;max-width:none;height:auto;border:0;border-radius:0}
  .panel:not([hidden])~.launcher{display:none}}
:host([mode=page]){display:block;height:100%}
@media(prefers-reduced-motion:no-preference){.dots{animation:rest 1.5s infinite}}
@keyframes rest{50%{opacity:.3}}
@supports not (color:color(from red xyz x y z)){:host{--on:#fff!important;--accent:var(--ink)!important}}
`;

/** Dress the shadow root without a style attribute or element (strict CSP), except where a browser knows no other way.
 * The page's own `--concierge-primary`, `--concierge-accent` and `--concierge-font` win over the hotel's branding.
 * @param {ShadowRoot} root @param {{primary_color?: string, accent_color?: string, font?: string}} branding */
export function dress(root, { primary_color = "#24424a", accent_color = primary_color, font = SERIF }) {
  const css = `${CSS}:host{
    --brand:var(--concierge-primary,${primary_color});
    --mark:var(--concierge-accent,${accent_color});
    --display:var(--concierge-font,${font})}`;
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
