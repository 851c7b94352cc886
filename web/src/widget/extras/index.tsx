import './extras.css';

/* What is not needed to write a first message: loaded when it is, or when there is time. */
export { EmojiPicker } from '../../ui/emoji';
export { Conversations } from './conversations';
export { Home } from './home';
export { resumeOffline } from './offline-box';
export { OfflineForm } from './offline-form';
export { PreChat } from './pre-chat';
export { RatingCard } from './rating';
