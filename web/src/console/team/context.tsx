import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { texts } from '../../i18n/team';
import { useTextsOf } from '../context';
import type { Board } from './board';

const BoardValue = createContext<Board | null>(null);
export const BoardProvider = BoardValue.Provider;

export function useBoard(): Board {
  const board = useContext(BoardValue);
  if (!board) throw new Error('BoardProvider is missing');
  return board;
}

export function useTeamTexts() {
  return useTextsOf(texts);
}

export type TeamTexts = ReturnType<typeof useTeamTexts>;
