// Shows how a query is carried out: as it is planned, or with what came of it.
(function () {
  'use strict';

  var isChinese = /^zh\b/i.test(navigator.language);
  var words = isChinese
    ? {
        title: '查询执行计划',
        query: '查询',
        variables: '变量(JSON)',
        plan: '查看计划',
        analyze: '执行并分析',
        answer: '结果',
        asText: '文本',
        cost: '代价',
        rows: '行',
        calls: '次调用',
        estimated: '预计',
        pushed: '下推',
        residual: '未下推',
        where: '条件',
        columns: '列',
        order: '排序',
        limit: '最多',
        limitOf: { all: '行', key: '行/键', here: '行(在此截取)' },
        atOnce: '每次键数 ≤',
        page: '分页',
        forEach: '⚠ 每个键调用一次',
        cached: '计划已缓存',
        roles: '角色',
        badVariables: '变量不是合法的 JSON 对象',
        noPlan: '没有返回执行计划',
        offline: '无法连接服务器',
        signIn: '请先登录控制台,并确认拥有管理收件箱的权限',
      }
    : {
        title: 'How a query is carried out',
        query: 'Query',
        variables: 'Variables (JSON)',
        plan: 'Show the plan',
        analyze: 'Run and analyze',
        answer: 'Answer',
        asText: 'As text',
        cost: 'cost',
        rows: 'rows',
        calls: 'calls',
        estimated: 'estimated',
        pushed: 'pushed down',
        residual: 'not pushed down',
        where: 'where',
        columns: 'columns',
        order: 'order',
        limit: 'at most',
        limitOf: { all: 'rows', key: 'rows for each key', here: 'rows, cut here' },
        atOnce: 'keys at once ≤',
        page: 'page',
        forEach: '⚠ one call for each key',
        cached: 'the plan was kept',
        roles: 'role',
        badVariables: 'The variables are no JSON object',
        noPlan: 'There is no plan in the answer',
        offline: 'The server cannot be reached',
        signIn: 'Sign in to the console first, as somebody who may change inboxes',
      };

  document.documentElement.lang = isChinese ? 'zh-CN' : 'en';
  document.title = words.title;

  function element(name, properties, children) {
    var made = Object.assign(document.createElement(name), properties);
    (children || []).forEach(function (child) {
      made.append(child);
    });
    return made;
  }

  var query = element('textarea', { id: 'query', spellcheck: false, required: true });
  var variables = element('textarea', { id: 'variables', spellcheck: false, value: '{}' });
  var error = element('p', { id: 'error', role: 'alert' });
  var summary = element('p', { id: 'summary', role: 'status' });
  var tree = element('div', { id: 'tree' });
  var more = element('div');
  var plan = element('button', { type: 'submit', className: 'first', textContent: words.plan });
  var analyze = element('button', { type: 'button', textContent: words.analyze });
  var form = element('form', {}, [
    element('label', { htmlFor: 'query', textContent: words.query }),
    query,
    element('label', { htmlFor: 'variables', textContent: words.variables }),
    variables,
    element('div', { className: 'buttons' }, [plan, analyze]),
  ]);
  document.body.append(
    element('main', {}, [
      element('h1', { textContent: words.title }),
      form,
      element('section', { id: 'result' }, [error, summary, tree, more]),
    ]),
  );

  function span(className, text) {
    return element('span', { className: className, textContent: text });
  }

  // What a step asks of which source, and what came of it.
  function step(node) {
    var parts = [element('strong', { textContent: node.node })];
    if (node.source) parts.push(span('', node.source + '.' + node.target + ' '));
    if (node.path) parts.push(span('path', '$.' + node.path));
    if (node.join) parts.push(span('', ' ' + node.join + ' (' + words.atOnce + node.keys_at_once + ')'));
    if (node.by) parts.push(span('', ' ' + words.where + ' ' + node.by));
    var details = [];
    if (node.columns) details.push(words.columns + ' ' + node.columns.join(', '));
    if (node.predicate) details.push(words.where + ' ' + node.predicate);
    if (node.order) details.push(words.order + ' ' + node.order);
    if (node.limit) details.push(words.limit + ' ' + node.limit.rows + ' ' + words.limitOf[node.limit.of]);
    if (node.page) details.push(words.page);
    if (node.pushed && node.pushed.length) details.push(words.pushed + ' ' + node.pushed.join(', '));
    if (node.est_rows !== undefined) details.push(words.estimated + ' ' + node.est_rows + ' ' + words.rows);
    var lines = [element('div', {}, parts)];
    if (details.length) lines.push(element('div', {}, [span('more', details.join(' · '))]));
    if (node.residual && node.residual.length) {
      lines.push(element('div', {}, [span('late', words.residual + ' ' + node.residual.join(', ') +
        (node.not_pushed ? ': ' + node.not_pushed : ''))]));
    }
    if (node.one_call_for_each_key) lines.push(element('div', {}, [span('late', words.forEach)]));
    if (node.analyze) {
      var told = node.analyze;
      var text = told.calls + ' ' + words.calls + ', ' + told.rows + ' ' + words.rows + ', ' + told.ms + ' ms';
      lines.push(element('div', {}, [span(told.error ? 'failed' : '', text + (told.error ? ' ' + told.error : ''))]));
    }
    if (node.native) lines.push(element('pre', { textContent: node.native, tabIndex: 0 }));
    return element('div', { className: 'step' }, lines);
  }

  function branch(node) {
    var children = (node.children || []).map(branch);
    return element('li', {}, children.length ? [step(node), element('ul', {}, children)] : [step(node)]);
  }

  function show(answer) {
    var explained = answer.extensions && answer.extensions.explain;
    if (answer.errors) {
      error.textContent = answer.errors
        .map(function (one) {
          var place = one.locations && one.locations[0];
          return (place ? place.line + ':' + place.column + ': ' : '') + one.message;
        })
        .join('\n');
    }
    if (!explained) {
      if (!answer.errors) error.textContent = words.noPlan;
      return;
    }
    summary.textContent =
      words.cost + ' ' + explained.cost + ' · ' + words.roles + ' ' + (explained.roles || []).join(', ') +
      (explained.cached ? ' · ' + words.cached : '') + (explained.analyze ? ' · ' + explained.analyze.total_ms + ' ms' : '');
    if (explained.tree) tree.append(element('ul', {}, [branch(explained.tree)]));
    more.append(
      element('details', {}, [
        element('summary', { textContent: words.asText }),
        element('pre', { textContent: explained.text, tabIndex: 0 }),
      ]),
    );
    if (answer.data) {
      more.append(
        element('details', {}, [
          element('summary', { textContent: words.answer }),
          element('pre', { textContent: JSON.stringify(answer.data, null, 2), tabIndex: 0 }),
        ]),
      );
    }
  }

  async function ask(how) {
    [error, summary, tree, more].forEach(function (part) {
      part.replaceChildren();
    });
    var given;
    try {
      given = JSON.parse(variables.value || '{}');
    } catch (_) {
      error.textContent = words.badVariables;
      return;
    }
    plan.disabled = analyze.disabled = true;
    try {
      var response = await fetch('/graphql', {
        method: 'POST',
        credentials: 'same-origin',
        headers: {
          'content-type': 'application/json',
          accept: 'application/graphql-response+json',
          'x-kefu-explain': how,
        },
        body: JSON.stringify({ query: query.value, variables: given }),
      });
      if (response.status === 401 || response.status === 403) error.textContent = words.signIn;
      else show(await response.json());
    } catch (_) {
      error.textContent = words.offline;
    } finally {
      plan.disabled = analyze.disabled = false;
    }
  }

  form.addEventListener('submit', function (event) {
    event.preventDefault();
    ask('plan');
  });
  analyze.addEventListener('click', function () {
    if (form.reportValidity()) ask('analyze');
  });
})();
