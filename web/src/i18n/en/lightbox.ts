export const lightbox = {
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  previousImage: 'Previous picture',
  nextImage: 'Next picture',
  imageOf: 'Picture {n} of {total}',
};
