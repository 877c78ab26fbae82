/** The update that the empty workflow answers. */
export const FLOOR_UPDATE = 'answer';
