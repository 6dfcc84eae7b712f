// Runs the GitHub API emulator `emulate` and brings the answers that imagebot depends on closer to
// github.com's. Every difference that is corrected here says what GitHub documents; nothing else
// of the emulator is touched. Prints "READY <url>" once it listens, on a port the kernel picks.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createEmulator } from "emulate";
import { buildClientSchema, graphql } from "graphql";

const MAX_BODY = 65536;
const SCHEMA = "@octokit/graphql-schema";

// The package exports only createEmulator; the plugin behind it is in a file whose name is a hash.
const dist = dirname(fileURLToPath(import.meta.resolve("emulate")));
const plugin = readdirSync(dist)
  .filter((name) => name.endsWith(".js"))
  .find((name) => readFileSync(join(dist, name), "utf8").includes("  getGitHubStore,\n"));
const { githubPlugin, getGitHubStore } = await import(pathToFileURL(join(dist, plugin)).href);

let emulator;

function answer(status, body) {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json; charset=utf-8" },
  });
}

function invalid(error) {
  const errors = [{ resource: "PullRequest", ...error }];
  return answer(422, { message: "Validation Failed", errors, documentation_url: "" });
}

// An open pull request follows its branches, and is closed when its head branch is deleted.
function followBranches(data) {
  const openOn = (ref, side) =>
    data.pullRequests
      .all()
      .filter((pull) => pull.state === "open" && pull[`${side}_repo_id`] === ref.repo_id)
      .filter((pull) => `refs/heads/${pull[`${side}_ref`]}` === ref.ref);
  const update = data.refs.update.bind(data.refs);
  data.refs.update = (id, patch) => {
    const ref = update(id, patch);
    if (ref && patch.sha) {
      for (const side of ["head", "base"]) {
        for (const pull of openOn(ref, side)) {
          data.pullRequests.update(pull.id, { [`${side}_sha`]: ref.sha });
        }
      }
    }
    return ref;
  };
  const remove = data.refs.delete.bind(data.refs);
  data.refs.delete = (id) => {
    const ref = data.refs.get(id);
    const closed = { state: "closed", closed_at: new Date().toISOString() };
    for (const pull of ref ? openOn(ref, "head") : []) {
      data.pullRequests.update(pull.id, closed);
      const issues = data.issues.findBy("repo_id", pull.repo_id);
      const issue = issues.find((one) => one.number === pull.number);
      if (issue) data.issues.update(issue.id, closed);
    }
    return remove(id);
  };
}

// What GitHub refuses with 422 where the emulator says yes; null where there is no objection.
function objection(data, repository, body, isNew) {
  if (typeof body.body === "string" && body.body.length > MAX_BODY) {
    const message = `body is too long (maximum is ${MAX_BODY} characters)`;
    return { field: "body", code: "custom", message };
  }
  if (!isNew) return null;
  const head = String(body.head ?? "").split(":").pop();
  const refs = data.refs.findBy("repo_id", repository.id);
  const branch = (name) => refs.find((ref) => ref.ref === `refs/heads/${name}`);
  if (!branch(head)) return { field: "head", code: "invalid" };
  if (!branch(body.base)) return { field: "base", code: "invalid" };
  const same = (pull) => pull.head_ref === head && pull.base_ref === body.base;
  const pulls = data.pullRequests.findBy("repo_id", repository.id);
  if (pulls.some((pull) => pull.state === "open" && same(pull))) {
    const owner = repository.full_name.split("/")[0];
    const message = `A pull request already exists for ${owner}:${head}.`;
    return { code: "custom", message };
  }
  if (branch(head).sha === branch(body.base).sha) {
    return { code: "custom", message: `No commits between ${body.base} and ${head}` };
  }
  return null;
}

// Drafts are made by GraphQL alone, which the emulator lacks. Requests and answers are checked with
// the schema that GitHub publishes; only what these two mutations do is written here.
let schema;
async function answerQuery(data, request) {
  const path = join(dirname(fileURLToPath(import.meta.resolve(SCHEMA))), "schema.json");
  schema ??= buildClientSchema(JSON.parse(readFileSync(path, "utf8")));
  const { query, variables } = await request.json();
  const set = (draft) => ({ input }) => {
    const pull = data.pullRequests.all().find((one) => one.node_id === input.pullRequestId);
    const id = JSON.stringify(input.pullRequestId);
    if (!pull) throw failure("NOT_FOUND", `Could not resolve to a node with the global id of ${id}`);
    // As for private repositories without a plan that has drafts.
    if (draft && data.repos.get(pull.repo_id).private) {
      throw failure("UNPROCESSABLE", "Draft pull requests are not supported in this repository.");
    }
    data.pullRequests.update(pull.id, { draft });
    const clientMutationId = input.clientMutationId ?? null;
    return { clientMutationId, pullRequest: { isDraft: draft } };
  };
  const rootValue = {
    convertPullRequestToDraft: set(true),
    markPullRequestReadyForReview: set(false),
  };
  const result = await graphql({ schema, source: query, rootValue, variableValues: variables });
  const errors = result.errors?.map((error) => ({ ...error.toJSON(), type: error.originalError?.type }));
  return answer(200, errors ? { ...result, errors } : result);
}

function failure(type, message) {
  return Object.assign(new Error(message), { type });
}

// GitHub answers 401 to a token it does not know; the emulator takes it for its first user's.
function isBadToken(request, tokens) {
  const given = request.headers.get("Authorization");
  if (!given) return false;
  const token = given.replace(/^(Bearer|token)\s+/i, "").trim();
  return !token.startsWith("eyJ") && !tokens.has(token);
}

// Merging says 405 where it can't be done and 409 where the sha is not the head's; both are 422
// in the emulator. The `url` of a Git ref is under /git/refs/, where it can be edited and deleted.
async function correct(method, path, response) {
  if (method === "PUT" && /\/pulls\/\d+\/merge$/.test(path) && response.status === 422) {
    const body = await response.json();
    return answer(body.message === "Head sha is out of date" ? 409 : 405, body);
  }
  if (/\/git\/(refs?|matching-refs)(\/|$)/.test(path) && response.ok && response.status !== 204) {
    const text = await response.text();
    const headers = new Headers(response.headers);
    headers.delete("Content-Length");
    const init = { status: response.status, headers };
    return new Response(text.replaceAll('/git/ref/', '/git/refs/'), init);
  }
  return response;
}

// A repository's clone_url is where Git serves it, in hooks too.
let git = "";
function sayWhereGitIs(webhooks) {
  const dispatch = webhooks.dispatch.bind(webhooks);
  webhooks.dispatch = (event, action, payload, ...rest) => {
    const repository = payload.repository;
    const clone_url = repository && `${git}/${repository.full_name}.git`;
    const said = repository ? { ...payload, repository: { ...repository, clone_url } } : payload;
    return dispatch(event, action, said, ...rest);
  };
}

const register = githubPlugin.register;
githubPlugin.register = function (app, store, webhooks, baseUrl, tokens) {
  const data = getGitHubStore(store);
  // PyGithub refuses links to another host name than the one it was given.
  const address = baseUrl.replace("//localhost:", "//127.0.0.1:");
  followBranches(data);
  sayWhereGitIs(webhooks);
  register.call(this, app, store, webhooks, address, tokens);
  const fetch = app.fetch;
  app.fetch = async (request) => {
    const path = new URL(request.url).pathname;
    if (path === "/_support/reset") {
      emulator.reset();
      git = new URL(request.url).searchParams.get("git");
      for (const [token, user] of Object.entries(await request.json())) tokens.set(token, user);
      return answer(200, {});
    }
    if (isBadToken(request, tokens)) return answer(401, { message: "Bad credentials" });
    if (path === "/graphql" && request.method === "POST") return answerQuery(data, request);
    const [, owner, name, number] =
      path.match(/^\/repos\/([^/]+)\/([^/]+)\/pulls(?:\/(\d+))?$/) ?? [];
    const repository = owner && data.repos.findOneBy("full_name", `${owner}/${name}`);
    if (repository && (number ? request.method === "PATCH" : request.method === "POST")) {
      const body = await request.clone().json().catch(() => ({}));
      const error = objection(data, repository, body, !number);
      if (error) return invalid(error);
    }
    const reviewers = path.match(/^(\/repos\/[^/]+\/[^/]+\/pulls\/\d+)\/requested_reviewers$/);
    if (reviewers && request.method === "GET") {
      const pull = await fetch(new Request(new URL(reviewers[1], request.url), request));
      if (!pull.ok) return pull;
      const body = await pull.json();
      return answer(200, { users: body.requested_reviewers, teams: body.requested_teams });
    }
    return correct(request.method, path, await fetch(request));
  };
};

const member = (login, role) => ({ login, role });
emulator = await createEmulator({
  service: "github",
  port: 0,
  hostname: "127.0.0.1",
  seed: {
    tokens: {},
    github: {
      users: [
        { login: "imagebot", email: "imagebot@example.com" },
        { login: "alice", email: "alice@example.com" },
        { login: "bob", email: "bob@example.com" },
      ],
      // Only an organisation's admins may write contents, and the mirror writes them.
      orgs: [
        {
          login: "acme",
          members: [member("admin", "admin"), member("imagebot", "admin"), member("alice", "admin")],
        },
      ],
    },
  },
});
process.on("SIGTERM", async () => {
  await emulator.close();
  process.exit(0);
});
console.log("READY", emulator.url.replace("//localhost:", "//127.0.0.1:"));
