import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { parseMarkdown } from './parse';
import type { Align, Block, Inline } from './tree';

/** A text as the help page shows it: elements of a fixed list, and text nodes. */
export function Markdown({ text }: { text: string }) {
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  return <div class="markdown">{blocks.map((block) => shown(block))}</div>;
}

function shown(block: Block, bare = false): ComponentChildren {
  switch (block.kind) {
    case 'paragraph':
      return bare ? said(block.content) : <p>{said(block.content)}</p>;
    case 'heading': {
      const Heading = `h${block.level}` as const;
      return <Heading>{said(block.content)}</Heading>;
    }
    case 'code':
      return (
        <pre>
          <code>{block.text}</code>
        </pre>
      );
    case 'rule':
      return <hr />;
    case 'quote':
      return <blockquote>{block.children.map((each) => shown(each))}</blockquote>;
    case 'list': {
      const items = block.items.map((item) => (
        <li>{item.map((each) => shown(each, block.tight))}</li>
      ));
      return block.start === null ? <ul>{items}</ul> : <ol start={block.start}>{items}</ol>;
    }
    case 'table':
      return (
        <div class="markdown-table">
          <table>
            <thead>
              <tr>
                {block.head.map((cell, index) => (
                  <th scope="col" style={aligned(block.align[index])}>
                    {said(cell)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row) => (
                <tr>
                  {row.map((cell, index) => (
                    <td style={aligned(block.align[index])}>{said(cell)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      );
  }
}

function aligned(align: Align | undefined): { textAlign?: string } {
  return align ? { textAlign: align } : {};
}

function said(nodes: readonly Inline[]): ComponentChildren {
  return nodes.map((node) => {
    switch (node.kind) {
      case 'text':
        return node.text;
      case 'code':
        return <code>{node.text}</code>;
      case 'break':
        return <br />;
      case 'strong':
        return <strong>{said(node.children)}</strong>;
      case 'em':
        return <em>{said(node.children)}</em>;
      case 'del':
        return <del>{said(node.children)}</del>;
      case 'link':
        return node.href === null ? (
          <span class="markdown-dead">{said(node.children)}</span>
        ) : (
          <a href={node.href} target="_blank" rel="noopener noreferrer">
            {said(node.children)}
          </a>
        );
    }
  });
}
