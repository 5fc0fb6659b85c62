// The only file that loads typebox at run time. The build puts what is used of it into this one file: Node takes ten times
// as long to find, read and link typebox's 684 modules as to run them.
export { default as Type, type Static, type TObject } from 'typebox'
export { Compile, type Validator } from 'typebox/compile'
export { Default } from 'typebox/value'
