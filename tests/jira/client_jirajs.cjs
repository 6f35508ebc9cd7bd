// npm's jira.js against a Jira Cloud: arguments are the folder of modules, the URL, the version of the API, user and secret.
const assert = require('node:assert');
const [modules, host, version, email, apiToken] = process.argv.slice(2);
const { Version2Client, Version3Client } = require(`${modules}/jira.js`);
const Client = version === '3' ? Version3Client : Version2Client;
const connect = (token) => new Client({ host, authentication: { basic: { email, apiToken: token } } });
const rich = (text) => version === '2' ? text : { type: 'doc', version: 1, content: [{ type: 'paragraph', content: [{ type: 'text', text }] }] };

async function refused(status, call) {
  try {
    await call();
  } catch (error) {
    assert.strictEqual(error.status ?? error.response?.status ?? error.cause?.response?.status, status, String(error));
    return;
  }
  throw new Error(`nothing was refused, ${status} was expected`);
}

async function main() {
  const jira = connect(apiToken);
  const label = `edp-js-${version}`;
  assert.ok((await jira.myself.getCurrentUser()).active);
  const fields = { project: { key: 'OPS' }, issuetype: { name: 'Bug' }, summary: 'EDP CRITICAL', labels: ['edp', label], priority: { name: 'High' }, description: rich('found') };
  const keys = [];
  for (let i = 0; i < 3; i++) keys.push((await jira.issues.createIssue({ fields })).key);
  const found = [];
  let nextPageToken;
  do {
    const page = await jira.issueSearch.searchForIssuesUsingJqlEnhancedSearch({ jql: `labels = "${label}" ORDER BY created ASC`, maxResults: 2, fields: ['status', 'labels'], nextPageToken });
    found.push(...page.issues.map((issue) => issue.key));
    nextPageToken = page.nextPageToken;
  } while (nextPageToken);
  assert.deepStrictEqual(found, keys);
  const issueIdOrKey = keys[0];
  await jira.issues.editIssue({ issueIdOrKey, fields: { summary: 'again' }, update: { labels: [{ add: 'more' }] } });
  await jira.issueComments.addComment(version === '3' ? { issueIdOrKey, comment: rich('seen again') } : { issueIdOrKey, comment: 'seen again' });
  assert.strictEqual((await jira.issueComments.getComments({ issueIdOrKey })).total, 1);
  await jira.issueRemoteLinks.createOrUpdateRemoteIssueLink({ issueIdOrKey, globalId: 'edp:1', object: { url: 'https://edp.example.com/report/1', title: 'Report' } });
  const moves = (await jira.issues.getTransitions({ issueIdOrKey })).transitions;
  await jira.issues.doTransition({ issueIdOrKey, transition: { id: moves.find((move) => move.to.statusCategory.key === 'done').id } });
  const issue = await jira.issues.getIssue({ issueIdOrKey });
  assert.strictEqual(issue.fields.status.statusCategory.key, 'done');
  assert.ok(issue.fields.labels.includes('more') && issue.fields.summary === 'again');
  await refused(400, () => jira.issues.createIssue({ fields: { ...fields, project: { key: 'NOPE' } } }));
  await refused(404, () => jira.issues.getIssue({ issueIdOrKey: 'OPS-999999' }));
  await refused(401, () => connect('wrong').myself.getCurrentUser());
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
