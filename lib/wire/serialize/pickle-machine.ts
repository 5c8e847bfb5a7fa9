import { bytesValue } from "../python/bytes.ts";
import { bigintValue, floatValue, floatValueOf, intValueOf } from "../python/number.ts";
import { type Instance, type Value, isTagged } from "../python/value.ts";
import { oldString, pickledText, rawUnicode, unquote } from "./pickle-text.ts";
import { refuse } from "../refused.ts";

/** Longer integers are shown as cut: turning them into decimal digits takes more than linear time. */
const MAX_LONG_BYTES = 8192;

/**
 * Runs a pickle of protocol 0 to 5 (CPython `Lib/pickle.py`, `pickletools.py`) and gives the graph that it describes,
 * which may share parts and contain itself. Globals are names and calls are notes of a call: no code is ever looked up.
 * Memory is bounded by the input, because every operation adds at most one value and takes at least one byte.
 */
export class PickleMachine {
  readonly #bytes: Buffer;
  #at = 0;
  #stack: Value[] = [];
  readonly #marked: Value[][] = [];
  readonly #memo = new Map<number, Value>();

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): Value {
    for (;;) {
      const op = String.fromCharCode(this.#uint(1));
      if (op === ".") return this.#pop();
      this.#step(op);
    }
  }

  #step(op: string): void {
    switch (op) {
      // What frames the rest.
      case "\x80": // PROTO
        this.#uint(1);
        return;
      case "\x95": // FRAME
        this.#take(8);
        return;
      case "(": // MARK
        this.#marked.push(this.#stack);
        this.#stack = [];
        return;
      case "0": // POP
        if (this.#stack.length > 0) this.#stack.pop();
        else this.#toMark();
        return;
      case "1": // POP_MARK
        this.#toMark();
        return;
      case "2": // DUP
        return this.#push(this.#top());

      // Scalars.
      case "N":
        return this.#push(null);
      case "\x88":
        return this.#push(true);
      case "\x89":
        return this.#push(false);
      case "I": // INT, and the booleans of protocol 0 and 1
        return this.#push(this.#oldInt());
      case "L": // LONG
        return this.#push(this.#decimal(this.#line().toString("latin1").replace(/L$/, "")));
      case "J": // BININT
        return this.#push(this.#take(4).readInt32LE());
      case "K": // BININT1
        return this.#push(this.#uint(1));
      case "M": // BININT2
        return this.#push(this.#uint(2));
      case "\x8a": // LONG1
        return this.#push(this.#long(this.#uint(1)));
      case "\x8b": // LONG4
        return this.#push(this.#long(this.#uint(4)));
      case "F": // FLOAT
        return this.#push(this.#float());
      case "G": // BINFLOAT
        return this.#push(floatValue(this.#take(8).readDoubleBE()));

      // Text and bytes. The strings of Python 2 are text if they are ASCII, as Python 3 reads them.
      case "S": // STRING
        return this.#push(oldString(unquote(this.#line())));
      case "T": // BINSTRING
        return this.#push(oldString(this.#take(this.#uint(4))));
      case "U": // SHORT_BINSTRING
        return this.#push(oldString(this.#take(this.#uint(1))));
      case "V": // UNICODE
        return this.#push(rawUnicode(this.#line()));
      case "X": // BINUNICODE
        return this.#push(pickledText(this.#take(this.#uint(4))));
      case "\x8c": // SHORT_BINUNICODE
        return this.#push(pickledText(this.#take(this.#uint(1))));
      case "\x8d": // BINUNICODE8
        return this.#push(pickledText(this.#take(this.#uint(8))));
      case "C": // SHORT_BINBYTES
        return this.#push(bytesValue(this.#take(this.#uint(1))));
      case "B": // BINBYTES
        return this.#push(bytesValue(this.#take(this.#uint(4))));
      case "\x8e": // BINBYTES8
      case "\x96": // BYTEARRAY8
        return this.#push(bytesValue(this.#take(this.#uint(8))));
      case "\x97": // NEXT_BUFFER: travels beside the pickle
        return this.#push({ $: "cut", reason: "a buffer that is not in the pickle" });
      case "\x98": // READONLY_BUFFER
        return;

      // Collections.
      case "]":
        return this.#push([]);
      case "l": // LIST
        return this.#push(this.#toMark());
      case ")":
        return this.#push({ $: "tuple", items: [] });
      case "t": // TUPLE
        return this.#push({ $: "tuple", items: this.#toMark() });
      case "\x85":
      case "\x86":
      case "\x87": // TUPLE1 to TUPLE3
        return this.#push({ $: "tuple", items: this.#popMany(op.charCodeAt(0) - 0x84) });
      case "}":
        return this.#push({ $: "dict", items: [] });
      case "d": // DICT
        return this.#push({ $: "dict", items: pairs(this.#toMark()) });
      case "\x8f":
        return this.#push({ $: "set", items: [] });
      case "\x91": // FROZENSET
        return this.#push({ $: "frozenset", items: this.#toMark() });
      case "a": // APPEND
        return this.#extend(this.#popMany(1));
      case "e": // APPENDS
        return this.#extend(this.#toMark());
      case "\x90": // ADDITEMS
        return this.#extend(this.#toMark());
      case "s": // SETITEM
        return this.#update(pairs(this.#popMany(2)));
      case "u": // SETITEMS
        return this.#update(pairs(this.#toMark()));

      // The memo.
      case "p": // PUT
        return this.#remember(this.#index());
      case "q": // BINPUT
        return this.#remember(this.#uint(1));
      case "r": // LONG_BINPUT
        return this.#remember(this.#uint(4));
      case "\x94": // MEMOIZE
        return this.#remember(this.#memo.size);
      case "g": // GET
        return this.#recall(this.#index());
      case "h": // BINGET
        return this.#recall(this.#uint(1));
      case "j": // LONG_BINGET
        return this.#recall(this.#uint(4));

      // Names and instances.
      case "c": {
        const module = this.#line().toString();
        return this.#push(global(module, this.#line().toString()));
      }
      case "\x93": {
        const [module, name] = this.#popMany(2);
        if (typeof module !== "string" || typeof name !== "string") refuse("not a pickle: a global without a name");
        return this.#push(global(module, name));
      }
      case "\x82":
        return this.#push(extension(this.#uint(1)));
      case "\x83":
        return this.#push(extension(this.#uint(2)));
      case "\x84":
        return this.#push(extension(this.#uint(4)));
      case "P": // PERSID
        return this.#push({ $: "object", type: "persistent_id", args: [this.#line().toString()] });
      case "Q": // BINPERSID
        return this.#push({ $: "object", type: "persistent_id", args: this.#popMany(1) });
      case "R": // REDUCE: a call
      case "\x81": {
        // NEWOBJ
        const args = this.#pop();
        return this.#push(call(this.#pop(), itemsOf(args)));
      }
      case "\x92": {
        // NEWOBJ_EX
        const keywords = this.#pop();
        const args = this.#pop();
        return this.#push({ ...call(this.#pop(), itemsOf(args)), state: keywords });
      }
      case "i": {
        // INST
        const module = this.#line().toString();
        const type = global(module, this.#line().toString());
        return this.#push(call(type, this.#toMark()));
      }
      case "o": {
        // OBJ
        const [type, ...args] = this.#toMark();
        return this.#push(call(type ?? refuse("not a pickle: an instance without a class"), args));
      }
      case "b": // BUILD
        return this.#build();
      default:
        refuse(`not a pickle: no operation 0x${op.charCodeAt(0).toString(16)} (at ${this.#at - 1})`);
    }
  }

  #push(value: Value): void {
    this.#stack.push(value);
  }

  #pop(): Value {
    const value = this.#stack.pop();
    return value === undefined ? refuse("not a pickle: the stack is empty") : value;
  }

  #top(): Value {
    const value = this.#stack.at(-1);
    return value === undefined ? refuse("not a pickle: the stack is empty") : value;
  }

  #popMany(count: number): Value[] {
    if (this.#stack.length < count) refuse("not a pickle: the stack is empty");
    return this.#stack.splice(-count);
  }

  #toMark(): Value[] {
    const items = this.#stack;
    this.#stack = this.#marked.pop() ?? refuse("not a pickle: no mark");
    return items;
  }

  #extend(items: Value[]): void {
    const target = this.#top();
    if (Array.isArray(target)) append(target, items);
    else if (isTagged(target) && target.$ === "set") append(target.items, items);
    else if (isTagged(target) && target.$ === "object") {
      if (!Array.isArray(target.state)) target.state = [];
      append(target.state, items);
    } else refuse("not a pickle: items for what is no list");
  }

  #update(items: [Value, Value][]): void {
    const target = this.#top();
    if (!isTagged(target)) refuse("not a pickle: keys for what is no dict");
    if (target.$ === "dict") append(target.items, items);
    else if (target.$ === "object") {
      const state = target.state;
      if (state !== undefined && isTagged(state) && state.$ === "dict") append(state.items, items);
      else target.state = { $: "dict", items };
    } else refuse("not a pickle: keys for what is no dict");
  }

  #build(): void {
    const state = this.#pop();
    const target = this.#top();
    if (!isTagged(target) || target.$ !== "object") return; // attributes on a plain collection: not data
    target.state = target.state === undefined ? state : { $: "tuple", items: [target.state, state] };
  }

  #remember(index: number): void {
    this.#memo.set(index, this.#top());
  }

  #recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) refuse("not a pickle: a reference to nothing");
    this.#push(value);
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) refuse("the pickle ends early");
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  #uint(size: 1 | 2 | 4 | 8): number {
    const bytes = this.#take(size);
    return size === 8 ? Number(bytes.readBigUInt64LE()) : bytes.readUIntLE(0, size);
  }

  #line(): Buffer {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) refuse("the pickle ends early");
    const line = this.#take(end - this.#at);
    this.#at++;
    return line;
  }

  #index(): number {
    return Number(this.#line().toString("latin1"));
  }

  #oldInt(): Value {
    const text = this.#line().toString("latin1");
    if (text === "00" || text === "01") return text === "01";
    return this.#decimal(text);
  }

  #decimal(text: string): Value {
    return /^[-+]?[0-9]+$/.test(text) ? intValueOf(text) : refuse("not a pickle: an integer without digits");
  }

  #long(length: number): Value {
    const bytes = this.#take(length);
    if (length === 0) return 0;
    if (length > MAX_LONG_BYTES) return { $: "cut", reason: `an integer of ${length} bytes` };
    const hex = Buffer.from(bytes).reverse().toString("hex");
    return bigintValue(BigInt.asIntN(8 * length, BigInt(`0x${hex}`)));
  }

  #float(): Value {
    const text = this.#line().toString("latin1");
    if (/^[-+]?(?:nan|inf)$/.test(text)) return { $: "float", text: text.replace("+", "") };
    return Number.isNaN(Number(text)) ? refuse("not a pickle: a float without digits") : floatValueOf(text);
  }
}

function append<T>(target: T[], items: T[]): void {
  for (const item of items) target.push(item); // a spread would put every item on the call stack
}

function pairs(items: Value[]): [Value, Value][] {
  const entries: [Value, Value][] = [];
  for (let index = 0; index + 1 < items.length; index += 2) {
    entries.push([items[index] ?? null, items[index + 1] ?? null]);
  }
  return entries;
}

function itemsOf(args: Value): Value[] {
  return isTagged(args) && args.$ === "tuple" ? args.items : [args];
}

function extension(code: number): Instance {
  return { $: "object", type: `copyreg extension ${code}` };
}

/** A class or function by its name; protocols up to 2 write the modules of Python 2 (CPython `_compat_pickle`). */
function global(module: string, name: string): Instance {
  const modern = module === "__builtin__" || module === "exceptions" ? "builtins" : module.replace(/^copy_reg$/, "copyreg");
  return { $: "object", type: `${modern}.${name}` };
}

/** What calling `callee` would have made. */
function call(callee: Value, args: Value[]): Instance {
  if (!isTagged(callee) || callee.$ !== "object" || callee.args) {
    return { $: "object", type: "call", args: [callee, { $: "tuple", items: args }] };
  }
  if (callee.type === "copyreg._reconstructor") return reconstructed(args);
  return { $: "object", type: callee.type, args };
}

/** How protocols 0 and 1 write an instance: its class, the builtin it extends, and the content of that builtin. */
function reconstructed([type, base, content = null]: Value[]): Instance {
  if (type === undefined || !isTagged(type) || type.$ !== "object") return { $: "object", type: "object" };
  const extendsBuiltin = base !== undefined && isTagged(base) && base.$ === "object" && base.type !== "builtins.object";
  return { $: "object", type: type.type, args: extendsBuiltin ? [content] : [] };
}
