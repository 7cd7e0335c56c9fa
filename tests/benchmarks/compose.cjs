// MailComposer of nodemailer as a worker: a message on the first line, then counts.
const MailComposer = require('nodemailer/lib/mail-composer');
const lines = require('readline').createInterface({ input: process.stdin })[Symbol.asyncIterator]();

function build(options) {
  return new Promise((resolve, reject) =>
    new MailComposer(options).compile().build((error, mail) => (error ? reject(error) : resolve(mail))));
}

async function main() {
  const options = JSON.parse((await lines.next()).value);
  for (const file of options.attachments) file.content = Buffer.from(file.content, 'base64');
  const warm = Date.now() + 1500; // V8 optimises after about a thousand mails
  while (Date.now() < warm) await build(options);
  console.log(JSON.stringify({ mail: (await build(options)).toString('base64') }));
  for await (const line of lines) {
    const start = process.cpuUsage();
    for (let done = 0; done < Number(line); done++) await build(options);
    const { user, system } = process.cpuUsage(start);
    console.log(JSON.stringify({ cpu: (user + system) / 1e6 / Number(line) }));
  }
}

main();
