import { ask } from "../../../ask";
import { graphql, useFragment } from "./gql";
import type { MyArticlesQuery } from "./operations";

const MyArticles = graphql(`
  query MyArticles($where: article_bool_exp!, $order: [article_order_by!]) {
    articles(where: $where, order_by: $order, limit: 10) {
      ...Heading
      state
      meta
      author { name born settings(path: "$.theme") }
      comments(order_by: { writtenAt: desc }) { body }
    }
    articlesAggregate(where: $where) { aggregate { count max { rating } } }
    searchArticle(args: { search: "ink" }, where: $where) { title }
  }
`);

const Heading = graphql(`
  fragment Heading on article { id title rating }
`);

const Write = graphql(`
  mutation Write($article: article_insert_input!, $id: Int!, $changes: article_set_input) {
    insertArticle(object: $article, on_conflict: { constraint: article_pkey, update_columns: [title] }) { id }
    updateArticle(pk_columns: { id: $id }, _set: $changes) { ...Heading }
    deleteArticles(where: { state: { _eq: draft } }) { affected_rows returning { id } }
  }
`);

const { articles, articlesAggregate, searchArticle } = await ask(MyArticles, { where: { state: { _in: ["published"] } } });
const [first] = articles;
export const born: string | null | undefined = first.author.born;
export const count: number | undefined = articlesAggregate.aggregate?.count;
export const said: string[] = first.comments.map((comment) => comment.body);
export const found: string[] = searchArticle.map((each) => each.title);
export const title: string = useFragment(Heading, first).title;
export const same: MyArticlesQuery["articles"][number]["state"] = first.state;
// @ts-expect-error: not asked for
first.body;
// @ts-expect-error: a state that there is not
await ask(MyArticles, { where: { state: { _in: ["lost"] } } });
// @ts-expect-error: the column is not there
await ask(MyArticles, { where: { headline: { _eq: "Gears" } } });

const article = { id: 7, title: "Locks", comments: { data: [{ writer: "ada", body: "First." }] } };
const written = await ask(Write, { article, id: 1, changes: { keywords: ["metal"] } });
export const removed: number | undefined = written.deleteArticles?.affected_rows;
// @ts-expect-error: who wrote it is set by the rules
await ask(Write, { id: 1, article: { id: 8, authorId: 2 } });
// @ts-expect-error: the id is missing
await ask(Write, { article });
