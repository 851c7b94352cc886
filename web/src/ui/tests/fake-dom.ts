/** As much of a document as rendering needs: nothing but calls makes an element or attribute. */
export class FakeNode {
  readonly nodeType: number;
  readonly localName: string;
  readonly ownerDocument = fakeDocument;
  readonly namespaceURI = 'http://www.w3.org/1999/xhtml';
  readonly attributes = new Map<string, string>();
  readonly listeners = new Map<string, unknown>();
  readonly style: Record<string, string> = {};
  readonly childNodes: FakeNode[] = [];
  parentNode: FakeNode | null = null;
  data: string;

  constructor(nodeType: number, localName: string, data = '') {
    this.nodeType = nodeType;
    this.localName = localName;
    this.data = data;
  }

  get firstChild(): FakeNode | null {
    return this.childNodes[0] ?? null;
  }

  get nextSibling(): FakeNode | null {
    const siblings = this.parentNode?.childNodes ?? [];
    return siblings[siblings.indexOf(this) + 1] ?? null;
  }

  get textContent(): string {
    if (this.nodeType === 3) return this.data;
    return this.childNodes.map((each) => each.textContent).join('');
  }

  insertBefore(node: FakeNode, before: FakeNode | null): FakeNode {
    node.remove();
    const at = before ? this.childNodes.indexOf(before) : this.childNodes.length;
    this.childNodes.splice(at, 0, node);
    node.parentNode = this;
    return node;
  }

  appendChild(node: FakeNode): FakeNode {
    return this.insertBefore(node, null);
  }

  removeChild(node: FakeNode): void {
    node.remove();
  }

  remove(): void {
    const siblings = this.parentNode?.childNodes;
    siblings?.splice(siblings.indexOf(this), 1);
    this.parentNode = null;
  }

  contains(node: FakeNode | null): boolean {
    return node !== null && (node === this || this.contains(node.parentNode));
  }

  setAttribute(name: string, value: unknown): void {
    this.attributes.set(name, String(value));
  }

  removeAttribute(name: string): void {
    this.attributes.delete(name);
  }

  addEventListener(name: string, listener: unknown): void {
    this.listeners.set(name, listener);
  }

  removeEventListener(name: string): void {
    this.listeners.delete(name);
  }

  /** All elements inside. */
  elements(): FakeNode[] {
    return this.childNodes.flatMap((each) =>
      each.nodeType === 1 ? [each, ...each.elements()] : [],
    );
  }
}

export const fakeDocument = {
  createElement: (name: string) => new FakeNode(1, name),
  createElementNS: (_: string, name: string) => new FakeNode(1, name),
  createTextNode: (text: string) => new FakeNode(3, '', text),
};
