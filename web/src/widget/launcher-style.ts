/**
 * Styles of the launcher and the panel inside the shadow root of the host page. `!important` on the
 * host wins over whatever the page says of all elements. The icons are shapes, not nodes: a page that
 * enforces Trusted Types lets no markup in.
 */
export const LAUNCHER_STYLE = `:host{all:initial!important;display:block!important;--brand:#1859c9;--ink:#fff}
*{box-sizing:border-box}
.launcher,.panel{position:fixed;z-index:2147483000;right:calc(20px + env(safe-area-inset-right));bottom:calc(20px + env(safe-area-inset-bottom))}
.left{right:auto;left:calc(20px + env(safe-area-inset-left))}
.launcher{width:56px;height:56px;padding:0;border:0;border-radius:28px;background:var(--brand);color:var(--ink);cursor:pointer;box-shadow:0 4px 16px #0003;display:grid;place-items:center;transition:.18s}
.launcher:hover{transform:scale(1.05)}
.launcher:focus-visible{outline:2px solid #1859c9;outline-offset:2px}
.launcher::before{content:"";width:28px;height:28px;background:currentColor;clip-path:path(evenodd,"M5 4h18a3 3 0 0 1 3 3v11a3 3 0 0 1-3 3h-9l-6 5v-5H5a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3M7 12.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0M12.5 12.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0M18 12.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0")}
[aria-expanded=true]::before{clip-path:path("M4 11l2-2 8 8 8-8 2 2-10 10")}
.badge{position:absolute;top:-4px;right:-4px;min-width:20px;padding:0 6px;border-radius:28px;background:#b3261e;color:#fff;font:600 12px/20px system-ui,sans-serif;text-align:center}
.panel{margin-bottom:76px;width:384px;max-width:calc(100vw - 40px);height:640px;max-height:calc(100vh - 112px);max-height:calc(100dvh - 112px);border-radius:16px;overflow:hidden;background:#fff;box-shadow:0 8px 40px #0004}
.closed{opacity:0;transform:translateY(12px);visibility:hidden;transition:.18s,visibility 0s .18s}
iframe{display:block;width:100%;height:100%;border:0;color-scheme:normal}
[hidden]{display:none}
@media (prefers-color-scheme:dark){.panel{background:#14171c;box-shadow:0 0 0 1px #2c323b}}
@media (max-width:599px){.panel{inset:0;margin:0;width:100%!important;height:100%;max-width:none;max-height:none;border-radius:0}.launcher[aria-expanded=true]{display:none}}
@media (prefers-reduced-motion){*{transition:none!important}}
@media (forced-colors:active){.launcher{border:2px solid}.launcher::before{background:ButtonText}}
@media print{*{display:none!important}}`;
