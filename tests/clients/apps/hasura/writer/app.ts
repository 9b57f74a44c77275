import { ask } from "../../../ask";
import { graphql, useFragment } from "./gql";
import type { MyArticlesQuery } from "./operations";

const MyArticles = graphql(`
  query MyArticles($where: article_bool_exp!, $order: [article_order_by!]) {
    article(where: $where, order_by: $order, limit: 10) {
      ...Heading
      state
      meta
      author { name born settings(path: "$.theme") }
      comments(order_by: { written_at: desc }) { body }
    }
    article_aggregate(where: $where) { aggregate { count max { rating } } }
    search_article(args: { search: "ink" }, where: $where) { title }
  }
`);

const Heading = graphql(`
  fragment Heading on article { id title rating }
`);

const Write = graphql(`
  mutation Write($article: article_insert_input!, $id: Int!, $changes: article_set_input) {
    insert_article_one(object: $article, on_conflict: { constraint: article_pkey, update_columns: [title] }) { id }
    update_article_by_pk(pk_columns: { id: $id }, _set: $changes) { ...Heading }
    delete_article(where: { state: { _eq: draft } }) { affected_rows returning { id } }
  }
`);

const { article, article_aggregate, search_article } = await ask(MyArticles, { where: { state: { _in: ["published"] } } });
const [first] = article;
export const born: string | null | undefined = first.author.born;
export const count: number | undefined = article_aggregate.aggregate?.count;
export const said: string[] = first.comments.map((comment) => comment.body);
export const found: string[] = search_article.map((each) => each.title);
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
export const removed: number | undefined = written.delete_article?.affected_rows;
// @ts-expect-error: who wrote it is set by the rules
await ask(Write, { id: 1, article: { id: 8, author_id: 2 } });
// @ts-expect-error: the id is missing
await ask(Write, { article: locks });
