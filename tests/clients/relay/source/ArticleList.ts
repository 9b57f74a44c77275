import { graphql } from "relay-runtime";
import type { ArticleCard_article$data } from "./__generated__/ArticleCard_article.graphql";
import type { ArticleListQuery } from "./__generated__/ArticleListQuery.graphql";
import type { ArticleListWriteMutation } from "./__generated__/ArticleListWriteMutation.graphql";
import type { ArticleList_query$data } from "./__generated__/ArticleList_query.graphql";

export const query = graphql`
  query ArticleListQuery($where: article_bool_exp) {
    ...ArticleList_query @arguments(where: $where)
  }
`;

/** A page and the next ones: Relay writes the query for those. */
export const list = graphql`
  fragment ArticleList_query on query_root
  @refetchable(queryName: "ArticleListPageQuery")
  @argumentDefinitions(
    where: { type: "article_bool_exp" }
    count: { type: "Int", defaultValue: 10 }
    cursor: { type: "String" }
  ) {
    article_connection(first: $count, after: $cursor, where: $where, order_by: { title: asc })
      @connection(key: "ArticleList_article_connection") {
      edges {
        cursor
        node {
          title
          ...ArticleCard_article
        }
      }
    }
  }
`;

/** One row, asked for again by its global id. */
export const card = graphql`
  fragment ArticleCard_article on article
  @refetchable(queryName: "ArticleCardRefetchQuery")
  @argumentDefinitions(last: { type: "Int", defaultValue: 3 }, before: { type: "String" }) {
    id
    rating
    author {
      name
    }
    comments_connection(last: $last, before: $before) @connection(key: "ArticleCard_comments_connection") {
      edges {
        node {
          body
        }
      }
    }
  }
`;

export const write = graphql`
  mutation ArticleListWriteMutation($article: article_insert_input!) {
    insert_article_one(object: $article) {
      id
      ...ArticleCard_article
    }
  }
`;

export function titles(data: ArticleList_query$data): string[] {
  return data.article_connection.edges.map(({ node }) => node.title);
}

export function said(data: ArticleCard_article$data): string[] {
  return data.comments_connection.edges.map(({ node }) => node.body);
}

export const wanted: ArticleListQuery["variables"] = { where: { title: { _ilike: "g%" } } };
// @ts-expect-error: the column is not there
export const unknown: ArticleListQuery["variables"] = { where: { headline: { _ilike: "g%" } } };

export const row: ArticleListWriteMutation["variables"] = { article: { title: "Locks" } };
// @ts-expect-error: who wrote it is set by the rules
export const theirs: ArticleListWriteMutation["variables"] = { article: { author_id: 2 } };

export function wrong(data: ArticleCard_article$data): unknown {
  // @ts-expect-error: not asked for
  return data.title;
}
