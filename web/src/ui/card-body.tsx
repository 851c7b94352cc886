import { useState } from 'preact/hooks';
import type { CardData, LocationData } from '../protocol/types';
import { safeHref } from './autolink';
import { useMoreTexts } from './more-texts';
import { Icon } from './icons';
import { OutLink } from './rich-text';

interface CardBodyProps {
  card: CardData;
  onReply: ((text: string) => void) | undefined;
}

/** Something to look at or to choose. No picture of another host is loaded. */
export function CardBody({ card, onReply }: CardBodyProps) {
  const { t } = useMoreTexts();
  const [broken, setBroken] = useState(false);
  const href = safeHref(card.url ?? '');
  const picture = safeHref(card.image_url ?? '');
  const isShown = picture !== null && isOwnFile(picture) && !broken;
  return (
    <div class="card-body">
      {isShown && <img src={picture} alt="" loading="lazy" onError={() => setBroken(true)} />}
      <p class="body-title" dir="auto">
        {href === null ? card.title : <OutLink href={href}>{card.title}</OutLink>}
      </p>
      {card.subtitle && <p dir="auto">{card.subtitle}</p>}
      {card.price && <p class="card-price">{card.price}</p>}
      {picture !== null && !isShown && <OutLink href={picture}>{t('cardPicture')}</OutLink>}
      {card.buttons && (
        <div class="card-buttons">
          {card.buttons.map(({ label, url, reply }, index) => {
            const target = safeHref(url ?? '');
            return target === null ? (
              <button
                key={index}
                type="button"
                class="button"
                disabled={!onReply || reply === undefined}
                onClick={() => onReply?.(reply ?? '')}
              >
                {label}
              </button>
            ) : (
              <a
                key={index}
                class="button"
                href={target}
                title={target}
                target="_blank"
                rel="noopener noreferrer nofollow"
              >
                {label}
              </a>
            );
          })}
        </div>
      )}
    </div>
  );
}

function isOwnFile(address: string): boolean {
  const { origin, pathname } = new URL(address);
  return origin === location.origin && pathname.startsWith('/files/');
}

/** A place in words and numbers. The system's own map opens it; no host is asked for a picture. */
export function LocationBody({ place }: { place: LocationData }) {
  const { t } = useMoreTexts();
  const coordinates = [place.latitude, place.longitude].map((each) => Number(each).toFixed(5));
  return (
    <div class="location-body">
      <Icon name="pin" size={20} />
      <div>
        {place.name && <p class="body-title">{place.name}</p>}
        {place.address && <p>{place.address}</p>}
        <a href={`geo:${coordinates.join(',')}`} title={t('openMap')}>
          {coordinates.join(', ')}
        </a>
      </div>
    </div>
  );
}
