/** The scripts and styles of the frame, relative to the loader; filled in by the build. */
declare const __FRAME_FILES__: readonly string[];
