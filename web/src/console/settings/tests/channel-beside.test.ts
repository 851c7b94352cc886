import { describe, expect, it } from 'vitest';
import { namesBeside } from '../inboxes/channel-beside';

describe('files beside a channel file', () => {
  it('are those that are there with those that are added, without those that are taken away', () => {
    expect(namesBeside(['b.xsd', 'a.wsdl'], {})).toEqual(['a.wsdl', 'b.xsd']);
    expect(namesBeside(['a.wsdl'], { 'a.wsdl': 'anew', 'c.xsd': '' })).toEqual(['a.wsdl', 'c.xsd']);
    expect(namesBeside(['a.wsdl', 'b.xsd'], { 'a.wsdl': null })).toEqual(['b.xsd']);
  });
});
