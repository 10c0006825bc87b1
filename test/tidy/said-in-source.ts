/** Finds in the source what core and the shell can say to a user: every template of a sentence, and sentences that no catalogue could know. */
import { parseAst } from 'rolldown/parseAst';
import { projectFiles, readProjectFile } from './project.ts';

/** The command line speaks English, and what only it says needs no other language. */
const spoken = /^(?:core\/(?!cli\/)|electron\/|renderer\/).*\.tsx?$/;
const sentenceNames = ['what', 'consequence', 'remedy'];

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

/** What was found. */
export interface SaidInSource {
  /** Each template with the file that says it. */
  readonly templates: ReadonlyMap<string, string>;
  /** Sentences of errors that are put together without `say`. */
  readonly loose: readonly string[];
}

/** Reads all of it. */
export function saidInSource(): SaidInSource {
  const templates = new Map<string, string>();
  const loose: string[] = [];
  const sources = projectFiles()
    .filter((name) => spoken.test(name))
    .map((file) => ({ file, text: readProjectFile(file) }))
    .filter(({ text }) => /\bsay`|\bconsequence\b/.test(text))
    .map((source) => ({ ...source, nodes: nodesOf(source.file, source.text) }));
  const everywhere = sources.flatMap(({ nodes }) => nodes);
  for (const { file, text, nodes } of sources) {
    const found = (template: string) => /\p{L}/u.test(template.replaceAll(/\{\d+\}/g, '')) && templates.set(template, file);
    for (const node of nodes) {
      if (node.type === 'TaggedTemplateExpression' && (node.tag as Node).name === 'say') found(templateOf(node.quasi as Node));
      for (const sentence of sentencesOfError(node)) {
        for (const expression of expressionsBehind(sentence, nodes, everywhere)) {
          if (expression.type === 'Literal' && typeof expression.value === 'string') found(expression.value);
          if (expression.type === 'TemplateLiteral') found(templateOf(expression));
          const isPlain = expression.type !== 'BinaryExpression' && !(expression.expressions as Node[] | undefined)?.length;
          if (!isPlain && ['BinaryExpression', 'TemplateLiteral'].includes(expression.type))
            loose.push(`${file}:${text.slice(0, expression.start).split('\n').length}`);
        }
      }
    }
  }
  return { templates, loose };
}

function nodesOf(file: string, text: string): Node[] {
  return [...within(parseAst(text, { lang: file.endsWith('x') ? 'tsx' : 'ts' }))];
}

function* within(node: unknown): Generator<Node> {
  if (Array.isArray(node)) for (const part of node) yield* within(part);
  else if (typeof node === 'object' && node !== null) {
    if ('type' in node && typeof node.type === 'string') yield node as Node;
    for (const part of Object.values(node)) yield* within(part);
  }
}

function templateOf({ quasis }: Node): string {
  return (quasis as { value: { cooked: string } }[])
    .map(({ value }) => value.cooked)
    .reduce((text, part, index) => `${text}{${index - 1}}${part}`);
}

/** The sentences in what is given to a new error, or will be: an object that has a consequence. */
function sentencesOfError(node: Node): Node[] {
  const ofError = node.type === 'NewExpression' && (node.callee as Node).name === 'AppError' ? (node.arguments as Node[])[1] : undefined;
  const object = ofError ?? node;
  if (object.type !== 'ObjectExpression') return [];
  const properties = (object.properties as Node[]).filter(({ type }) => type === 'Property');
  const named = properties.filter(({ key }) => sentenceNames.includes((key as Node).name as string));
  const isError = ofError !== undefined || named.some(({ key }) => (key as Node).name === 'consequence');
  return isError ? named.map(({ value }) => value as Node) : [];
}

/** What an expression may come to: both sides of a choice, the content of a constant, what a function is called with. */
function expressionsBehind(node: Node, nodes: readonly Node[], everywhere: readonly Node[], depth = 0): Node[] {
  const behind = (part: unknown) => expressionsBehind(part as Node, nodes, everywhere, depth + 1);
  if (depth > 8) return [];
  if (node.type === 'ConditionalExpression') return [node.consequent, node.alternate].flatMap(behind);
  if (node.type === 'MemberExpression' && (node.object as Node).type === 'ObjectExpression')
    return ((node.object as Node).properties as Node[]).flatMap(({ value }) => behind(value));
  if (node.type !== 'Identifier') return [node];
  const exported = new Set(nodes.flatMap(({ type, declaration }) => (type === 'ExportNamedDeclaration' ? [declaration] : [])));
  return nodes.flatMap((made) => {
    if (made.type === 'VariableDeclarator' && (made.id as Node).name === node.name) return made.init === null ? [] : behind(made.init);
    const isArrow = made.type === 'VariableDeclarator' && (made.init as Node | null)?.type === 'ArrowFunctionExpression';
    if (!isArrow && made.type !== 'FunctionDeclaration') return [];
    const parameters = (isArrow ? (made.init as Node).params : made.params) as Node[];
    const place = parameters.findIndex(({ name }) => name === node.name);
    const calls = (exported.has(made) ? everywhere : nodes).filter(
      ({ type, callee }) => place >= 0 && type === 'CallExpression' && (callee as Node).name === (made.id as Node).name,
    );
    return calls.flatMap((call) => {
      const given = (call.arguments as Node[])[place];
      return given === undefined ? [] : behind(given);
    });
  });
}
