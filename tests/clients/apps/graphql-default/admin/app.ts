import { ask } from "../../../ask";
import { graphql } from "./gql";
import type { PurchaseInsertInput } from "./schema";

const Customers = graphql(`
  query Customers($id: uuid!, $discount: numeric) {
    customerByPk(id: $id) { name purchases(where: { status: { _eq: open } }) { total placedAt } }
    customer(where: { discount: { _gt: $discount } }) { id discount }
  }
`);

const Sell = graphql(`
  mutation Sell($purchases: [PurchaseInsertInput!]!) {
    insertPurchase(objects: $purchases) { returning { id status customer { name } } }
  }
`);

const { customerByPk } = await ask(Customers, { id: "00000000-0000-4000-8000-000000000001", discount: 5 });
export const totals: (number | null | undefined)[] | undefined = customerByPk?.purchases.map((sale) => sale.total);
// @ts-expect-error: there may be none
customerByPk.name;

const purchase: PurchaseInsertInput = { id: 9, status: "paid", customer: { data: { name: "Hana" } } };
const sold = await ask(Sell, { purchases: [purchase] });
export const status: "open" | "paid" | "sent" | undefined = sold.insertPurchase?.returning[0].status;
// @ts-expect-error: the table of allowed values has no such row
export const wrong: PurchaseInsertInput = { status: "stolen" };
