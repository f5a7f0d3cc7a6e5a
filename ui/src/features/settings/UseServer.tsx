// How to work with a backend on a server.
import { useTranslation } from "react-i18next";

import { CopyButton } from "@/components/CopyButton";

import { Fact, Facts } from "./Facts";

const variables = [
  { name: "YAOPAI_SERVER_URL", words: "url" },
  { name: "YAOPAI_ACCESS_KEY", words: "key" },
] as const;

export function UseServer({ embedded }: { embedded: boolean }) {
  const { t } = useTranslation();
  return (
    <>
      <p>{embedded ? t("settings.server.text") : t("settings.server.now")}</p>
      <Facts>
        {variables.map(({ name, words }) => (
          <Fact key={name} name={<code>{name}</code>}>
            {t(`settings.server.${words}`)}
            <CopyButton text={name} what={name} />
          </Fact>
        ))}
      </Facts>
    </>
  );
}
