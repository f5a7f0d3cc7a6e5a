// What the operator's role allows, so that nothing is offered that the backend would refuse.
import { useQuery } from "@tanstack/react-query";

import type { Role } from "@/ipc/bindings";
import { statusQuery } from "@/ipc/queries";

/** What an operator may do. */
export interface Rights {
  /** Absent until the backend has said it. */
  role: Role | undefined;
  /** Create, change, enable, disable and delete connections. */
  changeConnections: boolean;
  /** Run test logins. */
  testLogins: boolean;
  /** Let refused people in, and take bindings away. */
  editUsers: boolean;
  /** Take a user's last way in. */
  forceUnbind: boolean;
  /** Make two users one. */
  mergeUsers: boolean;
}

/** The operator's rights. Until the backend has said the role everything is offered; the backend decides anyway. */
export function useRights(): Rights {
  const { data: role } = useQuery({ ...statusQuery, select: (status) => status.server?.role });
  return {
    role,
    changeConnections: role === undefined || role === "admin",
    testLogins: role !== "viewer",
    editUsers: role !== "viewer",
    forceUnbind: role === undefined || role === "admin",
    mergeUsers: role === undefined || role === "admin",
  };
}
