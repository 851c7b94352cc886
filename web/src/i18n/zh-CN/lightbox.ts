import type { lightbox as en } from '../en/lightbox';

export const lightbox: { [K in keyof typeof en]: string } = {
  zoomIn: '放大',
  zoomOut: '缩小',
  previousImage: '上一张',
  nextImage: '下一张',
  imageOf: '第 {n} 张，共 {total} 张',
};
