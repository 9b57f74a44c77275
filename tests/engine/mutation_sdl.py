"""Every type that mutations on `author` and `note` need, in the three namings: Hasura v2's, and those of `_related`."""

from __future__ import annotations

from collections.abc import Mapping

from mutation_kit import canonical

from gql_gen.names import Naming

HASURA = """
type mutation_root {
  delete_author(where: author_bool_exp!): author_mutation_response
  delete_author_by_pk(id: Int!): author
  delete_note(where: note_bool_exp!): note_mutation_response
  delete_note_by_pk(id: Int!): note
  insert_author(objects: [author_insert_input!]!, on_conflict: author_on_conflict): author_mutation_response
  insert_author_one(object: author_insert_input!, on_conflict: author_on_conflict): author
  insert_note(objects: [note_insert_input!]!, on_conflict: note_on_conflict): note_mutation_response
  insert_note_one(object: note_insert_input!, on_conflict: note_on_conflict): note
  update_author(_inc: author_inc_input, _set: author_set_input, where: author_bool_exp!): author_mutation_response
  update_author_by_pk(
    _inc: author_inc_input, _related: author_related_input, _set: author_set_input, pk_columns: author_pk_columns_input!
  ): author
  update_author_many(updates: [author_updates!]!): [author_mutation_response]
  update_note(
    _append: note_append_input, _delete_at_path: note_delete_at_path_input, _delete_elem: note_delete_elem_input,
    _delete_key: note_delete_key_input, _inc: note_inc_input, _prepend: note_prepend_input, _set: note_set_input,
    where: note_bool_exp!
  ): note_mutation_response
  update_note_by_pk(
    _append: note_append_input, _delete_at_path: note_delete_at_path_input, _delete_elem: note_delete_elem_input,
    _delete_key: note_delete_key_input, _inc: note_inc_input, _prepend: note_prepend_input,
    _related: note_related_input, _set: note_set_input, pk_columns: note_pk_columns_input!
  ): note
  update_note_many(updates: [note_updates!]!): [note_mutation_response]
}
type author_mutation_response { affected_rows: Int! returning: [author!]! }
type note_mutation_response { affected_rows: Int! returning: [note!]! }

input author_insert_input { id: Int name: String notes: note_arr_rel_insert_input }
input note_insert_input { author: author_obj_rel_insert_input author_id: Int id: Int meta: jsonb stars: Int }
input author_obj_rel_insert_input { data: author_insert_input! on_conflict: author_on_conflict }
input note_arr_rel_insert_input { data: [note_insert_input!]! on_conflict: note_on_conflict }

input author_on_conflict {
  constraint: author_constraint! return_existing: Boolean
  update_columns: [author_update_column!]! = [] where: author_bool_exp
}
input note_on_conflict {
  constraint: note_constraint! return_existing: Boolean
  update_columns: [note_update_column!]! = [] where: note_bool_exp
}
enum author_constraint { author_pkey }
enum note_constraint { note_pkey }
enum author_update_column { id name }
enum note_update_column { author_id id meta stars }

input author_pk_columns_input { id: Int! }
input author_inc_input { id: Int }
input author_set_input { id: Int name: String }
input author_updates { _inc: author_inc_input _set: author_set_input where: author_bool_exp! }
input note_pk_columns_input { id: Int! }
input note_append_input { meta: jsonb }
input note_delete_at_path_input { meta: [String!] }
input note_delete_elem_input { meta: Int }
input note_delete_key_input { meta: String }
input note_inc_input { author_id: Int id: Int stars: Int }
input note_prepend_input { meta: jsonb }
input note_set_input { author_id: Int id: Int meta: jsonb stars: Int }
input note_updates {
  _append: note_append_input _delete_at_path: note_delete_at_path_input _delete_elem: note_delete_elem_input
  _delete_key: note_delete_key_input _inc: note_inc_input _prepend: note_prepend_input _set: note_set_input
  where: note_bool_exp!
}

input author_related_input { notes: author_related_notes_input }
input author_related_notes_input {
  connect: [note_pk_columns_input!] create: [note_insert_input!] delete: note_bool_exp update: [note_updates!]
}
input note_related_input { author: note_related_author_input }
input note_related_author_input {
  connect: author_pk_columns_input create: author_insert_input update: author_changes_input
}
input author_changes_input { _inc: author_inc_input _set: author_set_input }
"""

CAMEL = """
type mutation_root {
  deleteAuthor(where: AuthorBoolExp!): AuthorMutationResponse
  deleteAuthorByPk(id: Int!): Author
  deleteNote(where: NoteBoolExp!): NoteMutationResponse
  deleteNoteByPk(id: Int!): Note
  insertAuthor(objects: [AuthorInsertInput!]!, onConflict: AuthorOnConflict): AuthorMutationResponse
  insertAuthorOne(object: AuthorInsertInput!, onConflict: AuthorOnConflict): Author
  insertNote(objects: [NoteInsertInput!]!, onConflict: NoteOnConflict): NoteMutationResponse
  insertNoteOne(object: NoteInsertInput!, onConflict: NoteOnConflict): Note
  updateAuthor(_inc: AuthorIncInput, _set: AuthorSetInput, where: AuthorBoolExp!): AuthorMutationResponse
  updateAuthorByPk(
    _inc: AuthorIncInput, _related: AuthorRelatedInput, _set: AuthorSetInput, pkColumns: AuthorPkColumnsInput!
  ): Author
  updateAuthorMany(updates: [AuthorUpdates!]!): [AuthorMutationResponse]
  updateNote(
    _append: NoteAppendInput, _deleteAtPath: NoteDeleteAtPathInput, _deleteElem: NoteDeleteElemInput,
    _deleteKey: NoteDeleteKeyInput, _inc: NoteIncInput, _prepend: NotePrependInput, _set: NoteSetInput,
    where: NoteBoolExp!
  ): NoteMutationResponse
  updateNoteByPk(
    _append: NoteAppendInput, _deleteAtPath: NoteDeleteAtPathInput, _deleteElem: NoteDeleteElemInput,
    _deleteKey: NoteDeleteKeyInput, _inc: NoteIncInput, _prepend: NotePrependInput, _related: NoteRelatedInput,
    _set: NoteSetInput, pkColumns: NotePkColumnsInput!
  ): Note
  updateNoteMany(updates: [NoteUpdates!]!): [NoteMutationResponse]
}
type AuthorMutationResponse { affectedRows: Int! returning: [Author!]! }
type NoteMutationResponse { affectedRows: Int! returning: [Note!]! }

input AuthorInsertInput { id: Int name: String notes: NoteArrRelInsertInput }
input NoteInsertInput { author: AuthorObjRelInsertInput authorId: Int id: Int meta: jsonb stars: Int }
input AuthorObjRelInsertInput { data: AuthorInsertInput! onConflict: AuthorOnConflict }
input NoteArrRelInsertInput { data: [NoteInsertInput!]! onConflict: NoteOnConflict }

input AuthorOnConflict {
  constraint: AuthorConstraint! returnExisting: Boolean
  updateColumns: [AuthorUpdateColumn!]! = [] where: AuthorBoolExp
}
input NoteOnConflict {
  constraint: NoteConstraint! returnExisting: Boolean
  updateColumns: [NoteUpdateColumn!]! = [] where: NoteBoolExp
}
enum AuthorConstraint { author_pkey }
enum NoteConstraint { note_pkey }
enum AuthorUpdateColumn { id name }
enum NoteUpdateColumn { authorId id meta stars }

input AuthorPkColumnsInput { id: Int! }
input AuthorIncInput { id: Int }
input AuthorSetInput { id: Int name: String }
input AuthorUpdates { _inc: AuthorIncInput _set: AuthorSetInput where: AuthorBoolExp! }
input NotePkColumnsInput { id: Int! }
input NoteAppendInput { meta: jsonb }
input NoteDeleteAtPathInput { meta: [String!] }
input NoteDeleteElemInput { meta: Int }
input NoteDeleteKeyInput { meta: String }
input NoteIncInput { authorId: Int id: Int stars: Int }
input NotePrependInput { meta: jsonb }
input NoteSetInput { authorId: Int id: Int meta: jsonb stars: Int }
input NoteUpdates {
  _append: NoteAppendInput _deleteAtPath: NoteDeleteAtPathInput _deleteElem: NoteDeleteElemInput
  _deleteKey: NoteDeleteKeyInput _inc: NoteIncInput _prepend: NotePrependInput _set: NoteSetInput
  where: NoteBoolExp!
}

input AuthorRelatedInput { notes: AuthorRelatedNotesInput }
input AuthorRelatedNotesInput {
  connect: [NotePkColumnsInput!] create: [NoteInsertInput!] delete: NoteBoolExp update: [NoteUpdates!]
}
input NoteRelatedInput { author: NoteRelatedAuthorInput }
input NoteRelatedAuthorInput { connect: AuthorPkColumnsInput create: AuthorInsertInput update: AuthorChangesInput }
input AuthorChangesInput { _inc: AuthorIncInput _set: AuthorSetInput }
"""

ENGLISH_ROOT = """
type mutation_root {
  deleteAuthor(id: Int!): author
  deleteAuthors(where: author_bool_exp!): author_mutation_response
  deleteNote(id: Int!): note
  deleteNotes(where: note_bool_exp!): note_mutation_response
  insertAuthor(object: author_insert_input!, on_conflict: author_on_conflict): author
  insertAuthors(objects: [author_insert_input!]!, on_conflict: author_on_conflict): author_mutation_response
  insertNote(object: note_insert_input!, on_conflict: note_on_conflict): note
  insertNotes(objects: [note_insert_input!]!, on_conflict: note_on_conflict): note_mutation_response
  updateAuthor(
    _inc: author_inc_input, _related: author_related_input, _set: author_set_input, pk_columns: author_pk_columns_input!
  ): author
  updateAuthors(_inc: author_inc_input, _set: author_set_input, where: author_bool_exp!): author_mutation_response
  updateNote(
    _append: note_append_input, _delete_at_path: note_delete_at_path_input, _delete_elem: note_delete_elem_input,
    _delete_key: note_delete_key_input, _inc: note_inc_input, _prepend: note_prepend_input,
    _related: note_related_input, _set: note_set_input, pk_columns: note_pk_columns_input!
  ): note
  updateNotes(
    _append: note_append_input, _delete_at_path: note_delete_at_path_input, _delete_elem: note_delete_elem_input,
    _delete_key: note_delete_key_input, _inc: note_inc_input, _prepend: note_prepend_input, _set: note_set_input,
    where: note_bool_exp!
  ): note_mutation_response
  update_author_many(updates: [author_updates!]!): [author_mutation_response]
  update_note_many(updates: [note_updates!]!): [note_mutation_response]
}
"""

EXPECTED: Mapping[Naming, Mapping[str, str]] = {
    "hasura": canonical(HASURA),
    "graphql-default": canonical(CAMEL),
    "nhost": canonical(HASURA.replace("author_id", "authorId")) | canonical(ENGLISH_ROOT),
}
"""nhost: Hasura's own types but for the columns' names, below roots that read as English."""
