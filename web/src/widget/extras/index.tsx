import '../../ui/more-icons';
import './extras.css';

/* What is not needed to write a first message: loaded when it is, or when there is time. */
export { chime } from '../../ui/sound';
export { BotBar } from './bot-bar';
export { Closed } from './closed';
export { Conversations } from './conversations';
export { EmojiMenu } from './emoji-menu';
export { eventText } from './event-text';
export { sendFiles } from './files';
export { HeaderMenu } from './header-menu';
export { Home } from './home';
export { resumeOffline } from './offline-box';
export { OfflineForm } from './offline-form';
export { PreChat } from './pre-chat';
export { RateLimit } from './rate-limit';
export { RatingCard } from './rating';
export { Waiting } from './waiting';
