import type { widget as en } from '../en/widget';

export const widget: { [K in keyof typeof en]: string } = {
  title: '与{name}对话',
  online: '客服在线',
  away: '请给我们留言',
  backAt: '{time} 恢复服务',
  menu: '选项',
  back: '返回',
  write: '请输入消息…',
  messageField: '消息',
  send: '发送',
  emoji: '表情',
  dropHere: '松开即可发送文件',
  conversation: '与{name}的消息',
  loadFailed: '对话加载失败。',
};
