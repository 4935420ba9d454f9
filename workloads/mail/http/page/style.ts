/** The page's style: light and dark, readable on a phone, nothing from outside. */
export const style = `
:root { color-scheme: light dark; --ink: #1c2420; --soft: #56635c; --ground: #f6f8f6; --card: #fff; --line: #dde4df; --accent: #1f7a4d; --on-accent: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eeea; --soft: #a3b0a9; --ground: #121614; --card: #1b211e; --line: #2d3631; --accent: #5fd39a; --on-accent: #0d2117 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1.0625rem/1.55 system-ui, sans-serif }
main { max-width: 40rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 1rem 0 .25rem; overflow-wrap: anywhere }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem }
p { margin: .5rem 0 }
.lead { color: var(--soft); margin-top: 0 }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 1rem; padding: 1.25rem; margin: 1.25rem 0; text-align: center }
.qr { background: #fff; border-radius: .6rem; padding: .6rem; display: block; width: min(100%, 19rem); margin: 0 auto 1rem }
.qr svg { display: block; width: 100%; height: auto }
.button { display: inline-block; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; text-decoration: none; border: 0; border-radius: .7rem; padding: .75rem 1.4rem; cursor: pointer }
.button:focus-visible, a:focus-visible, summary:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.note { color: var(--soft); font-size: .95rem }
.warning { border-left: .25rem solid var(--accent); padding-left: .8rem; text-align: left }
summary { cursor: pointer; color: var(--soft); margin-top: 1rem }
code { display: block; user-select: all; overflow-wrap: anywhere; text-align: left; background: var(--ground); border-radius: .5rem; padding: .6rem; margin-top: .5rem; font-size: .85rem }
input { font: inherit; width: 100%; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--ground); color: var(--ink); margin: .4rem 0 .9rem }
ol, ul { padding-left: 1.3rem }
li { margin: .3rem 0 }
footer { color: var(--soft); font-size: .9rem; margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem }
a { color: var(--accent) }
`.trim()
