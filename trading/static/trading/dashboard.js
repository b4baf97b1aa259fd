/** The dashboard's entry: one client, and one module per noun that keeps its panel up to date. */

import { FeedClient } from "../consumers/feed_client.js";
import { keepAccounts } from "./accounts.js";
import { keepChart } from "./chart.js";
import { chooseSymbol } from "./choices.js";
import { keepConnection } from "./connection.js";
import { keepDesk } from "./desk.js";
import { keepDialogs } from "./dialogs.js";
import { keepFills } from "./fills.js";
import { keepOrders } from "./orders.js";
import { keepPnl } from "./pnl.js";
import { keepPositions } from "./positions.js";
import { show, submit } from "./submit.js";
import { keepTicket } from "./ticket.js";
import { keepTickers } from "./tickers.js";

const { feeds, socket, symbols } = document.body.dataset;
const url = new URL(socket, location.href);
url.protocol = url.protocol === "https:" ? "wss:" : "ws:";

const client = new FeedClient({ url: url.href, feeds: feeds.split(" "), symbols: symbols ? symbols.split(" ") : [] });
const panel = (id) => document.getElementById(id);

keepConnection(document.querySelector("[data-connection]"), [...document.querySelectorAll("[data-feeds].panel")], client);
keepAccounts(panel("accounts"), client);
keepPositions(panel("positions"), client);
keepPnl(panel("pnl"), client);
keepOrders(panel("orders"), client);
keepFills(panel("fills"), client);
keepTickers(panel("tickers"), client);
keepChart(panel("chart"), client, panel("dialog"));
keepTicket(panel("order-form"), client);
panel("id_symbol").addEventListener("change", ({ target }) => chooseSymbol(target.value));
keepDesk(client);
keepDialogs(panel("dialog"), async (form) => {
    const { ok, message } = await submit(form, form.querySelector("[data-result]"));
    if (ok) show(panel("notice"), "done", message);
    return ok;
});

addEventListener("pagehide", () => client.close());
addEventListener("pageshow", (event) => event.persisted && client.open()); // back from the browser's page cache
client.open();
