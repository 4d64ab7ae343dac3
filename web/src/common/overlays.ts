// Where drawers, dialogs and menus are put. Not into body: there antd would lock
// scrolling with a style of its own, without the nonce that our policy asks for;
// the page does not scroll anyway.
export const overlays = (): HTMLElement => document.getElementById('overlays') ?? document.body;
