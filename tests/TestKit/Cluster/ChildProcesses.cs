using System.Collections.Concurrent;
using System.Diagnostics;

namespace GrainVault.TestKit.Cluster;

/// <summary>
/// Starts processes that die with this one, however it dies. The kernel ties that to the thread that made the child, so one
/// thread makes them all and stays.
/// </summary>
internal static class ChildProcesses
{
    private static readonly BlockingCollection<Action> Work = Begin();

    public static Task<Process> StartAsync(ProcessStartInfo start)
    {
        // setpriv becomes the program, so the process that we know is the program itself.
        start.ArgumentList.Insert(0, start.FileName);
        start.ArgumentList.Insert(0, "KILL");
        start.ArgumentList.Insert(0, "--pdeathsig");
        start.FileName = "setpriv";
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception exception)
            {
                started.SetException(exception);
            }
        });
        return started.Task;
    }

    private static BlockingCollection<Action> Begin()
    {
        var work = new BlockingCollection<Action>();
        new Thread(() =>
        {
            foreach (var start in work.GetConsumingEnumerable())
                start();
        })
        { IsBackground = true, Name = "child processes" }.Start();
        return work;
    }
}
