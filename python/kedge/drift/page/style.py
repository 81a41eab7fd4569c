"""How the pages look. Reference and current differ in lightness, so that grey prints tell them."""

from __future__ import annotations

__all__ = ["SCRIPT", "STYLE"]

# Opens the card that a link points at; without it, the reader opens it.
SCRIPT = """
addEventListener("hashchange", function () {
  var card = document.getElementById(location.hash.slice(1));
  if (card) { card.open = true; card.scrollIntoView(); }
});
"""

# All of it below .kedge: in a notebook it stands among other people's elements.
STYLE = """
.kedge { --paper: #fff; --ink: #1b2430; --soft: #5b6675; --line: #dde2e8; --tint: #f5f7f9;
  --ref: #a9b2bd; --cur: #0b62c4; --yes: #b83a00; --no: #0a7355; --open: #805d00;
  --shade: #b83a0022; --calm: #5b667522; color-scheme: light dark;
  color: var(--ink); background: var(--paper);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  font-variant-numeric: tabular-nums; max-width: 1240px; margin: 0 auto; padding: 20px 24px;
  container-type: inline-size; box-sizing: border-box; print-color-adjust: exact;
  -webkit-print-color-adjust: exact; }
body:has(> .kedge) { margin: 0; background: #fff; }
@media (prefers-color-scheme: dark) {
  .kedge { --paper: #12161c; --ink: #e6eaf0; --soft: #9aa5b4; --line: #2c3440; --tint: #1a2029;
    --ref: #667282; --cur: #6db6ff; --yes: #ff8d5e; --no: #4ccfa4; --open: #e0b548;
    --shade: #ff8d5e2e; --calm: #9aa5b42e; }
  body:has(> .kedge) { background: #12161c; }
}
.kedge * { box-sizing: border-box; }
.kedge p { margin: 4px 0; }
.kedge header { border-left: 6px solid var(--no); padding: 2px 0 2px 16px; margin: 0 0 20px; }
.kedge header.yes { border-color: var(--yes); }
.kedge header.open { border-color: var(--open); }
.kedge h1 { font-size: 30px; line-height: 1.2; margin: 0 0 4px; color: var(--no); }
.kedge .yes h1 { color: var(--yes); }
.kedge .open h1 { color: var(--open); }
.kedge .note { color: var(--soft); font-size: 13px; }
.kedge .key { margin-right: 18px; white-space: nowrap; }
.kedge .key::before { content: ""; display: inline-block; width: 14px; height: 11px;
  margin-right: 6px; background: var(--ref); }
.kedge .key.cur::before { background: none; height: 0; border-top: 3px solid var(--cur);
  vertical-align: 4px; }
.kedge table { color: inherit; border-collapse: collapse; width: 100%; background: none;
  font-size: inherit; }
.kedge th, .kedge td { text-align: left; padding: 2px 12px 2px 0; font-weight: 400;
  vertical-align: middle; border: 0; background: none; }
.kedge thead th { color: var(--soft); font-size: 13px; vertical-align: bottom; }
.kedge .overview tbody tr { border-top: 1px solid var(--line); }
.kedge .overview tbody tr:hover { background: var(--tint); }
.kedge .overview tbody th { font-weight: 600; white-space: nowrap; }
.kedge .overview .wide { width: 27%; }
.kedge .overview .shape { width: 96px; padding-top: 3px; padding-bottom: 3px; }
.kedge .thumb { width: 84px; }
.kedge .thumb .line { stroke-width: 1.4; }
.kedge .null, .kedge td.figure { white-space: nowrap; }
.kedge .where { color: var(--soft); font-size: 14px; }
.kedge a { color: inherit; text-decoration: none; border-bottom: 1px dotted var(--soft); }
.kedge .chip { display: inline-block; min-width: 62px; padding: 0 8px; border-radius: 9px;
  font-size: 12px; line-height: 18px; text-align: center; font-weight: 400;
  border: 1px solid currentColor; white-space: nowrap; }
.kedge .chip.yes { background: var(--yes); color: var(--paper); border-color: var(--yes);
  font-weight: 600; }
.kedge .chip.no { color: var(--no); }
.kedge .chip.open { color: var(--open); border-style: dashed; }
.kedge svg { display: block; width: 100%; overflow: visible; }
.kedge text { fill: var(--soft); font-size: 11px; paint-order: stroke; stroke: var(--paper);
  stroke-width: 2px; stroke-linejoin: round; }
.kedge text.carry { font-size: 12px; font-weight: 600; }
.kedge .moved text.carry { fill: var(--yes); }
.kedge .nulls.moved span { color: var(--yes); font-weight: 600; }
.kedge text.now { fill: var(--cur); }
.kedge .bar .yes { fill: var(--yes); }
.kedge .bar .no { fill: var(--no); }
.kedge .bar .open { fill: var(--open); }
.kedge line { stroke: var(--soft); }
.kedge .plot { margin-left: 36px; width: calc(100% - 36px); }
.kedge .grid { stroke: var(--soft); stroke-opacity: 0.25; }
.kedge .limit { stroke-dasharray: 3 2; }
.kedge .whisker { stroke: var(--ink); }
.kedge .ref { fill: var(--ref); }
.kedge rect.cur { fill: var(--cur); }
.kedge .rows { fill: var(--line); }
.kedge .shade { fill: var(--calm); }
.kedge .moved .shade { fill: var(--shade); }
.kedge .line { fill: none; stroke: var(--cur); stroke-width: 2; vector-effect: non-scaling-stroke; }
.kedge details { border: 1px solid var(--line); border-radius: 8px; margin: 10px 0;
  break-inside: avoid; }
.kedge summary { padding: 8px 14px; cursor: pointer; background: var(--tint); border-radius: 8px; }
.kedge summary > * { margin-right: 12px; }
.kedge .card { display: grid; grid-template-columns: minmax(0, 1fr) 380px; gap: 28px;
  padding: 12px 16px; }
.kedge .facts { align-self: start; font-size: 13px; }
.kedge .facts tr + tr { border-top: 1px solid var(--line); }
.kedge .facts th { color: var(--soft); white-space: nowrap; vertical-align: top; }
.kedge .facts td { padding-right: 0; }
.kedge small { color: var(--soft); font-size: 12px; }
.kedge .names { font-size: 13px; }
.kedge .names th { white-space: nowrap; width: 1%; }
.kedge .names .rest { color: var(--soft); }
.kedge .names td.figure { width: 1%; padding-right: 0; text-align: right; }
.kedge .nulls { display: grid; grid-template-columns: auto 1fr; gap: 12px; align-items: center;
  margin-top: 10px; font-size: 13px; }
.kedge header.calm { border-color: var(--cur); }
.kedge .calm h1 { color: var(--ink); }
.kedge .wide-figure { overflow-x: auto; margin: 0 0 18px; }
.kedge .wide-figure > svg { max-width: 860px; min-width: 620px; }
svg.kedge { display: block; padding: 0; }
.kedge .drawn text { fill: var(--ink); font-size: 13px; }
.kedge .drawn text.tick, .kedge .drawn .soft { fill: var(--soft); font-size: 12px; }
.kedge .drawn .strong { font-weight: 600; }
.kedge .drawn text.head { font-size: 15px; font-weight: 600; }
.kedge .up { fill: var(--yes); stroke: var(--yes); stroke-width: 0.8; }
.kedge .down { fill: var(--cur); stroke: var(--cur); stroke-width: 0.8; }
.kedge .mark { fill: var(--ink); }
.kedge .joint { stroke-opacity: 0.5; }
.kedge .dots { fill: none; stroke: var(--cur); stroke-width: 4; stroke-linecap: round; }
.kedge .v1 { stroke: color-mix(in oklab, var(--yes) 25%, var(--cur)); }
.kedge .v2 { stroke: color-mix(in oklab, var(--yes) 50%, var(--cur)); }
.kedge .v3 { stroke: color-mix(in oklab, var(--yes) 75%, var(--cur)); }
.kedge .v4 { stroke: var(--yes); }
.kedge .plain { stroke: var(--soft); }
.kedge .missing { stroke: var(--ref); }
@container (max-width: 1000px) {
  .kedge .overview tbody th { max-width: 170px; overflow: hidden; text-overflow: ellipsis; }
  .kedge .overview .shape { width: 62px; }
  .kedge .thumb { width: 50px; }
  .kedge .overview .where { min-width: 190px; font-size: 13px; }
}
@container (max-width: 860px) {
  .kedge .card { grid-template-columns: minmax(0, 1fr); }
}
@container (max-width: 700px) {
  .kedge .overview tbody th { max-width: none; }
  .kedge .overview .where { min-width: 0; }
  .kedge summary .distance { display: none; }
  .kedge .card { gap: 12px; padding: 10px; }
  .kedge .overview thead tr, .kedge .overview tbody tr { display: grid; padding: 4px 0;
    grid-template-columns: minmax(0, 1fr) auto; }
  .kedge .overview thead th:not(.wide) { display: none; }
  .kedge .overview .wide { grid-column: 1 / -1; width: auto; padding-right: 0; }
  .kedge .overview td, .kedge .overview th { min-width: 0; overflow-wrap: anywhere; }
  .kedge .overview .shape { display: none; }
  .kedge .overview td:has(.chip) { padding-right: 0; text-align: right; }
  .kedge .overview td.null::before { content: "null "; color: var(--soft); }
  .kedge .overview td.null:has(.none) { display: none; }
  .kedge .overview .where { grid-column: 1; grid-row: 3; font-size: 13px; }
  .kedge .overview td.null { grid-column: 2; grid-row: 3; padding-right: 0; font-size: 13px; }
  .kedge h1 { font-size: 24px; }
}
@media (max-width: 600px) { .kedge { padding: 14px 12px; } }
@media print {
  .kedge { max-width: none; padding: 0; }
  .kedge .card { grid-template-columns: minmax(0, 1fr) 280px; gap: 16px; }
  .kedge .facts, .kedge .facts small { font-size: 10px; }
  .kedge details::details-content { content-visibility: visible; display: block; }
}
"""
