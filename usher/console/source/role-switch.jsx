import { useState } from "react";

const TICKETS = [
  ["secret", "admin secret"],
  ["token", "JWT"],
  ["none", "no ticket"],
];

/** The bar above GraphiQL: which ticket, which role, which session variables. Enter or leaving a field applies it. */
export function RoleSwitch({ identity, onChange }) {
  const [draft, setDraft] = useState(identity);
  const edit = (name) => (event) => setDraft({ ...draft, [name]: event.target.value });
  const apply = () => onChange(draft);
  const field = (name, props) => <input value={draft[name]} onChange={edit(name)} onBlur={apply} {...props} />;

  const choose = (event) => {
    const chosen = { ...draft, ticket: event.target.value };
    setDraft(chosen);
    onChange(chosen);
  };
  const submit = (event) => {
    event.preventDefault();
    apply();
  };

  return (
    <form className="role-switch" onSubmit={submit} aria-label="Who is asking">
      <strong>usher</strong>
      <select value={draft.ticket} onChange={choose} aria-label="Ticket">
        {TICKETS.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {draft.ticket === "secret" && field("secret", { type: "password", placeholder: "admin secret", autoComplete: "off", "aria-label": "Admin secret" })}
      {draft.ticket === "token" && field("token", { placeholder: "eyJ…", className: "wide", "aria-label": "JWT" })}
      {draft.ticket !== "none" && field("role", { placeholder: "role (default: admin, or the ticket's)", "aria-label": "Role" })}
      {draft.ticket === "secret" && field("variables", { placeholder: "User-Id: …; Org-Id: …", className: "wide", "aria-label": "Session variables" })}
      <button hidden />
    </form>
  );
}
