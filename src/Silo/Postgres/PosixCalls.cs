using System.Runtime.InteropServices;

namespace GrainVault.Silo.Postgres;

/// <summary>The few system calls that .NET has no API for.</summary>
internal static class PosixCalls
{
    public const int SignalNone = 0;
    public const int SignalInterrupt = 2;
    public const int SignalQuit = 3;
    public const int SignalKill = 9;

    private const int ErrorNoSuchProcess = 3;

    public static bool IsRoot => geteuid() == 0;

    public static uint UserId => geteuid();

    /// <summary>Sends a signal. False when the process is gone or belongs to somebody else.</summary>
    public static bool Signal(int processId, int signal) => kill(processId, signal) == 0;

    /// <summary>True unless the kernel says that there is no such process.</summary>
    public static bool IsAlive(int processId) =>
        kill(processId, SignalNone) == 0 || Marshal.GetLastPInvokeError() != ErrorNoSuchProcess;

    public static void ChangeOwner(string path, uint userId, uint groupId)
    {
        if (chown(path, userId, groupId) != 0)
            throw new IOException($"chown of '{path}' failed: {Marshal.GetLastPInvokeErrorMessage()}");
    }

#pragma warning disable SYSLIB1054 // LibraryImport needs unsafe code in the whole project; these four calls are blittable or plain strings.
    [DllImport("libc")]
    private static extern uint geteuid();

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int pid, int sig);

    [DllImport("libc", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int chown([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint owner, uint group);
#pragma warning restore SYSLIB1054
}
