import { Announcer } from '../forms/announce';
import { route } from '../router';
import { ArticlePage } from './article-page';
import { Categories } from './categories';
import { HistoryPage } from './history';
import { ArticleList } from './list';
import { LANGUAGES } from './shapes';
import '../forms/forms.css';
import './knowledge.css';

/** `#/knowledge`, `/categories`, `/new`, `/<article>` and `/<article>/history/<language>`. */
export default function KnowledgePage() {
  const [first, second, third] = route.value.path;
  const language = LANGUAGES.find((each) => each === third);
  let page = <ArticleList />;
  if (first === 'categories') page = <Categories />;
  else if (first !== undefined && second === 'history' && language) {
    page = <HistoryPage key={`${first} ${language}`} id={first} language={language} />;
  } else if (first !== undefined) page = <ArticlePage key={first} id={first} />;
  return (
    <div class="knowledge-page">
      {page}
      <Announcer />
    </div>
  );
}
