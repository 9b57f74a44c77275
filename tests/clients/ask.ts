import type { TypedDocumentNode } from "@graphql-typed-document-node/core";

/** What a client library promises: the answer has the document's type, and the variables must have theirs. */
export declare function ask<Answer, Variables>(
  document: TypedDocumentNode<Answer, Variables>,
  variables: NoInfer<Variables>,
): Promise<Answer>;
