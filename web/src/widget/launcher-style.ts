/** Styles of the launcher and the panel inside the shadow root of the host page. */
export const LAUNCHER_STYLE = `
:host{all:initial;--brand:#1859c9;--ink:#fff}
*{box-sizing:border-box}
.launcher{position:fixed;z-index:2147483000;right:calc(20px + env(safe-area-inset-right,0px));bottom:calc(20px + env(safe-area-inset-bottom,0px));width:56px;height:56px;padding:0;border:0;border-radius:28px;background:var(--brand);color:var(--ink);cursor:pointer;box-shadow:0 4px 16px rgba(0,0,0,.18);display:grid;place-items:center;transition:transform .12s}
.launcher:hover{transform:scale(1.05)}
.launcher:active{transform:scale(.97)}
.launcher:focus-visible{outline:2px solid #0b5fff;outline-offset:2px;box-shadow:0 0 0 2px #fff}
svg{grid-area:1/1;width:28px;height:28px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round;transition:opacity .12s,transform .18s}
[aria-expanded=true] .chat,[aria-expanded=false] .x{opacity:0;transform:rotate(45deg) scale(.6)}
.badge{position:absolute;top:-4px;right:-4px;min-width:20px;height:20px;padding:0 6px;border-radius:10px;background:#b3261e;color:#fff;font:600 12px/20px system-ui,sans-serif;text-align:center;font-variant-numeric:tabular-nums}
.panel{position:fixed;z-index:2147483000;right:calc(20px + env(safe-area-inset-right,0px));bottom:calc(96px + env(safe-area-inset-bottom,0px));width:384px;height:min(640px,calc(100vh - 112px));border-radius:16px;overflow:hidden;background:#fff;box-shadow:0 12px 48px rgba(12,24,48,.22),0 2px 8px rgba(12,24,48,.08);transition:opacity .18s,transform .18s,visibility .18s;transform-origin:100% 100%}
@supports (height:1dvh){.panel{height:min(640px,calc(100dvh - 112px))}}
.panel[data-closed]{opacity:0;transform:translateY(12px) scale(.98);visibility:hidden;pointer-events:none}
iframe{display:block;width:100%;height:100%;border:0;color-scheme:normal}
[hidden]{display:none!important}
@media (prefers-color-scheme:dark){.panel{background:#14171c;box-shadow:0 12px 48px rgba(0,0,0,.6),0 0 0 1px #2c323b}}
@media (max-width:599px){.panel{inset:0;width:100%;height:100%;border-radius:0}.launcher[aria-expanded=true]{display:none}}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
@media (forced-colors:active){.launcher{border:2px solid ButtonText}}
@media print{.launcher,.panel{display:none}}
`;
