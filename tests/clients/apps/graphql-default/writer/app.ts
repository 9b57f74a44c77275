import { ask } from "../../../ask";
import { graphql, useFragment } from "./gql";
import type { MyArticlesQuery } from "./operations";

const MyArticles = graphql(`
  query MyArticles($where: ArticleBoolExp!, $order: [ArticleOrderBy!]) {
    article(where: $where, orderBy: $order, limit: 10) {
      ...Heading
      state
      meta
      author { name born settings(path: "$.theme") }
      comments(orderBy: { writtenAt: DESC }) { body }
    }
    articleAggregate(where: $where) { aggregate { count max { rating } } }
    searchArticle(args: { search: "ink" }, where: $where) { title }
  }
`);

const Heading = graphql(`
  fragment Heading on Article { id title rating }
`);

const Write = graphql(`
  mutation Write($article: ArticleInsertInput!, $id: Int!, $changes: ArticleSetInput) {
    insertArticleOne(object: $article, onConflict: { constraint: article_pkey, updateColumns: [title] }) { id }
    updateArticleByPk(pkColumns: { id: $id }, _set: $changes) { ...Heading }
    deleteArticle(where: { state: { _eq: draft } }) { affectedRows returning { id } }
  }
`);

const { article, articleAggregate, searchArticle } = await ask(MyArticles, { where: { state: { _in: ["published"] } } });
const [first] = article;
export const born: string | null | undefined = first.author.born;
export const count: number | undefined = articleAggregate.aggregate?.count;
export const said: string[] = first.comments.map((comment) => comment.body);
export const found: string[] = searchArticle.map((each) => each.title);
export const title: string = useFragment(Heading, first).title;
export const same: MyArticlesQuery["article"][number]["state"] = first.state;
// @ts-expect-error: not asked for
first.body;
// @ts-expect-error: a state that there is not
await ask(MyArticles, { where: { state: { _in: ["lost"] } } });
// @ts-expect-error: the column is not there
await ask(MyArticles, { where: { headline: { _eq: "Gears" } } });

const locks = { id: 7, title: "Locks", comments: { data: [{ writer: "ada", body: "First." }] } };
const written = await ask(Write, { article: locks, id: 1, changes: { keywords: ["metal"] } });
export const removed: number | undefined = written.deleteArticle?.affectedRows;
// @ts-expect-error: who wrote it is set by the rules
await ask(Write, { id: 1, article: { id: 8, authorId: 2 } });
// @ts-expect-error: the id is missing
await ask(Write, { article: locks });
