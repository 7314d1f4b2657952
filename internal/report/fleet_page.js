'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const at = (id) => document.getElementById(id);
  const page = 200; // rows that are added at a time

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children.filter((child) => child !== '' && child !== null));
    return element;
  };
  // Every address was checked when the page was written; here it is only put into a link.
  const link = (address, label) => address ? make('a', { href: address, rel: 'noopener noreferrer' }, label) : label;

  const units = [['y', 31536e6], ['d', 864e5], ['h', 36e5], ['m', 6e4], ['s', 1e3]];
  const span = (ms) => {
    const [unit, size] = units.find(([, size]) => ms >= size) || units[units.length - 1];
    return Math.max(0, Math.floor(ms / size)) + unit;
  };
  const whole = (time) => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
  const ago = (time) => time > now ? 'in ' + span(time - now) : span(now - time) + ' ago';
  const now = Date.now();

  const timeOf = (time, said) => make('span', { title: whole(time) }, said);
  const small = (...parts) => make('small', {}, ...parts);

  const between = (separator, ...parts) => parts.filter(Boolean).flatMap((part, i) => i ? [separator, part] : [part]);
  const several = new Set(data.apps.map((a) => a.o)).size > 1; // repositories

  // The parts of a quantity such as cpu=250m, as numbers to sort by.
  const scales = { m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 };
  const quantity = (requests, name) => {
    const found = new RegExp('(?:^|,)' + name + '=([0-9.]+)([a-zA-Z]*)').exec(requests || '');
    return found ? Number(found[1]) * (scales[found[2]] || 1) : -1;
  };

  const columns = [
    { name: 'State', by: (a) => a.s, show: (a) => [
      make('span', { className: 'state ' + data.states[a.s].name + (data.states[a.s].bad ? ' bad' : '') }, data.states[a.s].name),
      a.v ? small(a.v, a.va ? timeOf(a.va, ', ' + ago(a.va)) : '') : '',
      a.df ? small('drift: ' + a.df) : '',
      a.x ? small(a.x) : ''] },
    { name: 'Branch', className: 'branch', by: (a) => (a.b || a.r || '').toLowerCase(), show: (a) => [
      link(a.np, a.b || a.r || a.ns || ''),
      small(...between(' · ', a.n && link(a.np, '#' + a.n), a.c && link(a.cp, a.c.slice(0, 8)), a.h))] },
    { name: 'App', by: (a) => (a.a || a.r || '').toLowerCase(), show: (a) => [a.a || a.r || '', several ? small(a.o || '') : ''] },
    { name: 'Namespace', by: (a) => a.ns || '', show: (a) => [a.ns || '', a.r ? small(a.r, a.rev ? ' · revision ' + a.rev : '') : ''] },
    { name: 'Deployed', className: 'number', by: (a) => -(a.d || 0), show: (a) => a.d ?
      [a.rp ? link(a.rp, timeOf(a.d, ago(a.d))) : timeOf(a.d, ago(a.d))] : [] },
    { name: 'Expires', className: 'number', by: (a) => a.e || Infinity, show: (a) => [
      a.e ? make('span', { title: whole(a.e), className: a.e < now ? 'past' : '' }, ago(a.e)) : '',
      a.k ? make('small', { className: 'kept', title: a.k }, 'kept') : ''] },
    { name: 'CPU', className: 'number', by: (a) => -quantity(a.q, 'cpu'), show: (a) => [part(a.q, 'cpu')] },
    { name: 'Memory', className: 'number', by: (a) => -quantity(a.q, 'memory'), show: (a) => [part(a.q, 'memory')] },
    { name: 'URL', by: (a) => a.u || '\uffff', show: (a) => a.u ? [link(a.u, a.u.replace(/^https?:\/\//, ''))] : [] },
  ];
  const part = (requests, name) => {
    const found = new RegExp('(?:^|,)' + name + '=([^,]+)').exec(requests || '');
    return found ? found[1] : '';
  };

  const texts = data.apps.map((a) => [a.a, a.o, a.b, a.h, a.c, a.ns, a.r, a.u, a.v, a.df, data.states[a.s].name, a.n ? '#' + a.n : '']
    .filter(Boolean).join('\n').toLowerCase());

  // What is looked at is kept in the address, so that it can be handed on.
  const state = { search: '', states: new Set(), sort: 0, down: false };
  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    state.search = given.get('q') || '';
    state.states = new Set((given.get('state') || '').split(',').filter((s) => data.states.some((known) => known.name === s)));
    const by = (given.get('sort') || '').replace(/^-/, '');
    state.sort = Math.max(0, columns.findIndex((c) => c.name.toLowerCase() === by));
    state.down = (given.get('sort') || '').startsWith('-');
  };
  const write = () => {
    const said = new URLSearchParams();
    if (state.search) said.set('q', state.search);
    if (state.states.size) said.set('state', [...state.states].join(','));
    if (state.sort || state.down) said.set('sort', (state.down ? '-' : '') + columns[state.sort].name.toLowerCase());
    history.replaceState(null, '', said.size ? '#' + said : location.pathname + location.search);
  };

  let found = [];
  let shown = 0;
  const addRows = () => {
    const next = document.createDocumentFragment();
    for (const a of found.slice(shown, shown + page)) {
      next.append(make('tr', {}, ...columns.map((c) => {
        const cell = make('td', { className: c.className || '' }, ...c.show(a));
        if (['Deployed', 'Expires', 'CPU', 'Memory'].includes(c.name)) cell.dataset.name = c.name;
        return cell;
      })));
    }
    shown = Math.min(found.length, shown + page);
    at('rows').append(next);
    at('end').hidden = shown === found.length;
  };

  const compare = (a, b) => a < b ? -1 : a > b ? 1 : 0;
  const show = () => {
    const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
    found = data.apps.filter((a, i) => (!state.states.size || state.states.has(data.states[a.s].name)) &&
      words.every((word) => texts[i].includes(word)));
    const { by } = columns[state.sort];
    const key = new Map(found.map((a) => [a, by(a)]));
    const sign = state.down ? -1 : 1;
    found.sort((a, b) => sign * compare(key.get(a), key.get(b)) || compare(b.d || 0, a.d || 0));
    shown = 0;
    at('rows').replaceChildren();
    addRows();
    const all = data.apps.length;
    at('count').textContent = found.length === all ? all + (all === 1 ? ' app' : ' apps') : found.length + ' of ' + all + ' apps';
    for (const button of at('filters').children) button.ariaPressed = String(state.states.has(button.value));
    [...at('head').children].forEach((th, i) => {
      th.ariaSort = i === state.sort ? (state.down ? 'descending' : 'ascending') : 'none';
    });
    at('sort').value = String(state.sort);
  };
  const change = () => { write(); show(); };
  const sortBy = (i) => { state.down = state.sort === i && !state.down; state.sort = i; change(); };

  at('as-of').append('As of ', timeOf(data.at, whole(data.at) + ', ' + ago(data.at)));
  data.states.forEach(({ name, bad }, i) => {
    const count = data.apps.filter((a) => a.s === i).length;
    if (!count) return;
    const button = make('button', { type: 'button', value: name, className: bad ? 'bad' : '' }, name, make('b', {}, String(count)));
    button.addEventListener('click', () => { state.states.delete(name) || state.states.add(name); change(); });
    at('filters').append(button);
  });
  columns.forEach((c, i) => {
    const button = make('button', { type: 'button' }, c.name);
    button.addEventListener('click', () => sortBy(i));
    const th = make('th', { scope: 'col' }, button);
    at('head').append(th);
    at('sort').append(make('option', { value: String(i) }, c.name));
  });
  at('sort').addEventListener('change', () => { state.sort = Number(at('sort').value); state.down = false; change(); });
  at('search').addEventListener('input', () => { state.search = at('search').value; change(); });
  at('more').addEventListener('click', addRows);
  new IntersectionObserver((seen) => { if (seen.some((s) => s.isIntersecting) && shown < found.length) addRows(); },
    { rootMargin: '600px' }).observe(at('end'));
  addEventListener('hashchange', () => { read(); at('search').value = state.search; show(); });
  read();
  at('search').value = state.search;
  show();
})();
