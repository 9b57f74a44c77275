import { ask } from "../../../ask";
import { graphql } from "./gql";

const People = graphql(`
  query People($words: String!) {
    authors { id name email born }
    searchArticle(args: { search: $words }, limit: 3) { title author { name email } }
  }
`);

const { authors, searchArticle } = await ask(People, { words: "machine" });
export const name: string = authors[0].name;
export const email: string | null = authors[0].email;
// @ts-expect-error: only one's own is shown, others' is null
export const never_null: string = authors[0].email;
// @ts-expect-error: and through a relationship too
export const nor_there: string = searchArticle[0].author.email;
