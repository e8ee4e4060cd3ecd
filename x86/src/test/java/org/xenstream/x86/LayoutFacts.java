// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

/// Offsets and sizes as a C compiler gives them for Xen's public headers (development tree after
/// 4.22, `offsetof` and `sizeof` under gcc for 64 and for 32 bits).
final class LayoutFacts {

  private LayoutFacts() {}

  /// For each struct a line `NAME/BITS:` and lines of `PATH=OFFSET+SIZE`; the path `-` is the whole
  /// struct. Of a row of structs the last element stands for all.
  static final String C =
      """
      vcpu_guest_context/64:
        fpu_ctxt=0+512 flags=512+8 user_regs.r15=520+8 user_regs.r14=528+8 user_regs.r13=536+8
        user_regs.r12=544+8 user_regs.rbp=552+8 user_regs.rbx=560+8 user_regs.r11=568+8
        user_regs.r10=576+8 user_regs.r9=584+8 user_regs.r8=592+8 user_regs.rax=600+8
        user_regs.rcx=608+8 user_regs.rdx=616+8 user_regs.rsi=624+8 user_regs.rdi=632+8
        user_regs.error_code=640+4 user_regs.entry_vector=644+4 user_regs.rip=648+8
        user_regs.cs=656+2 user_regs._pad0=658+2 user_regs.saved_upcall_mask=660+1
        user_regs._pad1=661+3 user_regs.rflags=664+8 user_regs.rsp=672+8 user_regs.ss=680+2
        user_regs._pad2=682+6 user_regs.es=688+2 user_regs._pad3=690+6 user_regs.ds=696+2
        user_regs._pad4=698+6 user_regs.fs=704+2 user_regs._pad5=706+6 user_regs.gs=712+2
        user_regs._pad6=714+6 trap_ctxt=720+4096 trap_ctxt[255].vector=4800+1
        trap_ctxt[255].flags=4801+1 trap_ctxt[255].cs=4802+2 trap_ctxt[255].address=4808+8
        ldt_base=4816+8 ldt_ents=4824+8 gdt_frames=4832+128 gdt_frames[1]=4840+8 gdt_ents=4960+8
        kernel_ss=4968+8 kernel_sp=4976+8 ctrlreg=4984+64 ctrlreg[1]=4992+8 debugreg=5048+64
        debugreg[1]=5056+8 event_callback_eip=5112+8 failsafe_callback_eip=5120+8
        syscall_callback_eip=5128+8 vm_assist=5136+8 fs_base=5144+8 gs_base_kernel=5152+8
        gs_base_user=5160+8 -=0+5168
      shared_info/64:
        vcpu_info=0+2048 vcpu_info[31].evtchn_upcall_pending=1984+1
        vcpu_info[31].evtchn_upcall_mask=1985+1 vcpu_info[31].evtchn_pending_sel=1992+8
        vcpu_info[31].arch.cr2=2000+8 vcpu_info[31].arch.pad=2008+8
        vcpu_info[31].time.version=2016+4 vcpu_info[31].time.pad0=2020+4
        vcpu_info[31].time.tsc_timestamp=2024+8 vcpu_info[31].time.system_time=2032+8
        vcpu_info[31].time.tsc_to_system_mul=2040+4 vcpu_info[31].time.tsc_shift=2044+1
        vcpu_info[31].time.flags=2045+1 vcpu_info[31].time.pad1=2046+2
        vcpu_info[31].time.pad1[1]=2047+1 evtchn_pending=2048+512 evtchn_mask=2560+512
        wc_version=3072+4 wc_sec=3076+4 wc_nsec=3080+4 wc_sec_hi=3084+4 arch.max_pfn=3088+8
        arch.pfn_to_mfn_frame_list_list=3096+8 arch.nmi_reason=3104+8 arch.p2m_cr3=3112+8
        arch.p2m_vaddr=3120+8 arch.p2m_generation=3128+8 -=0+3136
      start_info/64:
        magic=0+32 nr_pages=32+8 shared_info=40+8 flags=48+4 store_mfn=56+8 store_evtchn=64+4
        console.domU.mfn=72+8 console.domU.evtchn=80+4 pt_base=88+8 nr_pt_frames=96+8
        mfn_list=104+8 mod_start=112+8 mod_len=120+8 cmd_line=128+1024 first_p2m_pfn=1152+8
        nr_p2m_frames=1160+8 -=0+1168
      hvm_save_header/64:
        magic=0+4 version=4+4 changeset=8+8 cpuid=16+4 gtsc_khz=20+4 -=0+24
      hvm_hw_cpu/64:
        fpu_regs=0+512 rax=512+8 rbx=520+8 rcx=528+8 rdx=536+8 rbp=544+8 rsi=552+8 rdi=560+8
        rsp=568+8 r8=576+8 r9=584+8 r10=592+8 r11=600+8 r12=608+8 r13=616+8 r14=624+8 r15=632+8
        rip=640+8 rflags=648+8 cr0=656+8 cr2=664+8 cr3=672+8 cr4=680+8 dr0=688+8 dr1=696+8
        dr2=704+8 dr3=712+8 dr6=720+8 dr7=728+8 cs_sel=736+4 ds_sel=740+4 es_sel=744+4
        fs_sel=748+4 gs_sel=752+4 ss_sel=756+4 tr_sel=760+4 ldtr_sel=764+4 cs_limit=768+4
        ds_limit=772+4 es_limit=776+4 fs_limit=780+4 gs_limit=784+4 ss_limit=788+4
        tr_limit=792+4 ldtr_limit=796+4 idtr_limit=800+4 gdtr_limit=804+4 cs_base=808+8
        ds_base=816+8 es_base=824+8 fs_base=832+8 gs_base=840+8 ss_base=848+8 tr_base=856+8
        ldtr_base=864+8 idtr_base=872+8 gdtr_base=880+8 cs_arbytes=888+4 ds_arbytes=892+4
        es_arbytes=896+4 fs_arbytes=900+4 gs_arbytes=904+4 ss_arbytes=908+4 tr_arbytes=912+4
        ldtr_arbytes=916+4 sysenter_cs=920+8 sysenter_esp=928+8 sysenter_eip=936+8
        shadow_gs=944+8 msr_flags=952+8 msr_lstar=960+8 msr_star=968+8 msr_cstar=976+8
        msr_syscall_mask=984+8 msr_efer=992+8 msr_tsc_aux=1000+8 tsc=1008+8 pending_event=1016+4
        error_code=1020+4 flags=1024+4 pad0=1028+4 -=0+1032
      hvm_hw_vpic/64:
        irr=0+1 imr=1+1 isr=2+1 irq_base=3+1 elcr=6+1 int_output=7+1 -=0+8
      hvm_hw_vioapic/64:
        base_address=0+8 ioregsel=8+4 id=12+4 redirtbl=16+384 redirtbl[1]=24+8 -=0+400
      hvm_hw_lapic/64:
        apic_base_msr=0+8 disabled=8+4 timer_divisor=12+4 tdt_msr=16+8 pending_esr=24+4 -=0+32
      hvm_hw_pci_irqs/64:
        i=0+16 -=0+16
      hvm_hw_isa_irqs/64:
        i=0+8 -=0+8
      hvm_hw_pci_link/64:
        route=0+4 route[1]=1+1 pad0=4+4 -=0+8
      hvm_hw_pit/64:
        channels=0+48 channels[2].count=32+4 channels[2].latched_count=36+2
        channels[2].count_latched=38+1 channels[2].status_latched=39+1 channels[2].status=40+1
        channels[2].read_state=41+1 channels[2].write_state=42+1 channels[2].write_latch=43+1
        channels[2].rw_mode=44+1 channels[2].mode=45+1 channels[2].bcd=46+1
        channels[2].gate=47+1 speaker_data_on=48+4 pad0=52+4 -=0+56
      hvm_hw_rtc/64:
        cmos_data=0+14 cmos_data[1]=1+1 cmos_index=14+1 pad0=15+1 rtc_offset=16+8 -=0+24
      hvm_hw_hpet/64:
        capability=0+8 res0=8+8 config=16+8 res1=24+8 isr=32+8 res2=40+200 mc64=240+8 res3=248+8
        timers=256+96 timers[2].config=320+8 timers[2].cmp=328+8 timers[2].fsb=336+8
        timers[2].res4=344+8 res5=352+672 period=1024+24 period[1]=1032+8 -=0+1048
      hvm_hw_pmtimer/64:
        tmr_val=0+4 pm1a_sts=4+2 pm1a_en=6+2 -=0+8
      hvm_hw_mtrr/64:
        msr_pat_cr=0+8 msr_mtrr_var=8+128 msr_mtrr_var[1]=16+8 msr_mtrr_fixed=136+88
        msr_mtrr_fixed[1]=144+8 msr_mtrr_cap=224+8 msr_mtrr_def_type=232+8 -=0+240
      hvm_viridian_domain_context/64:
        hypercall_gpa=0+8 guest_os_id=8+8 time_ref_count=16+8 reference_tsc=24+8 -=0+32
      hvm_hw_cpu_xsave/64:
        xfeature_mask=0+8 xcr0=8+8 xcr0_accum=16+8
      hvm_viridian_vcpu_context/64:
        vp_assist_msr=0+8 apic_assist_pending=8+1 _pad=9+7 simp_msr=16+8 sint_msr=24+128
        sint_msr[1]=32+8 stimer_config_msr=152+32 stimer_config_msr[1]=160+8
        stimer_count_msr=184+32 stimer_count_msr[1]=192+8 -=0+216
      hvm_vmce_vcpu/64:
        caps=0+8 mci_ctl2_bank0=8+8 mci_ctl2_bank1=16+8 mcg_ext_ctl=24+8 -=0+32
      hvm_tsc_adjust/64:
        tsc_adjust=0+8 -=0+8
      hvm_hw_cpu_compat/64:
        fpu_regs=0+512 rax=512+8 rbx=520+8 rcx=528+8 rdx=536+8 rbp=544+8 rsi=552+8 rdi=560+8
        rsp=568+8 r8=576+8 r9=584+8 r10=592+8 r11=600+8 r12=608+8 r13=616+8 r14=624+8 r15=632+8
        rip=640+8 rflags=648+8 cr0=656+8 cr2=664+8 cr3=672+8 cr4=680+8 dr0=688+8 dr1=696+8
        dr2=704+8 dr3=712+8 dr6=720+8 dr7=728+8 cs_sel=736+4 ds_sel=740+4 es_sel=744+4
        fs_sel=748+4 gs_sel=752+4 ss_sel=756+4 tr_sel=760+4 ldtr_sel=764+4 cs_limit=768+4
        ds_limit=772+4 es_limit=776+4 fs_limit=780+4 gs_limit=784+4 ss_limit=788+4
        tr_limit=792+4 ldtr_limit=796+4 idtr_limit=800+4 gdtr_limit=804+4 cs_base=808+8
        ds_base=816+8 es_base=824+8 fs_base=832+8 gs_base=840+8 ss_base=848+8 tr_base=856+8
        ldtr_base=864+8 idtr_base=872+8 gdtr_base=880+8 cs_arbytes=888+4 ds_arbytes=892+4
        es_arbytes=896+4 fs_arbytes=900+4 gs_arbytes=904+4 ss_arbytes=908+4 tr_arbytes=912+4
        ldtr_arbytes=916+4 sysenter_cs=920+8 sysenter_esp=928+8 sysenter_eip=936+8
        shadow_gs=944+8 msr_flags=952+8 msr_lstar=960+8 msr_star=968+8 msr_cstar=976+8
        msr_syscall_mask=984+8 msr_efer=992+8 tsc=1000+8 pending_event=1008+4 error_code=1012+4
        -=0+1016
      xen_domctl_ext_vcpucontext/64:
        vcpu=0+4 size=4+4 syscall32_callback_eip=8+8 sysenter_callback_eip=16+8
        syscall32_callback_cs=24+2 sysenter_callback_cs=26+2 syscall32_disables_events=28+1
        sysenter_disables_events=29+1 vmce.caps=32+8 vmce.mci_ctl2_bank0=40+8
        vmce.mci_ctl2_bank1=48+8 vmce.mcg_ext_ctl=56+8 -=0+64
      xen_domctl_vcpu_msr/64:
        index=0+4 reserved=4+4 value=8+8 -=0+16
      hvm_one_msr/64:
        index=0+4 _rsvd=4+4 val=8+8 -=0+16
      xen_msr_entry/64:
        idx=0+4 flags=4+4 val=8+8 -=0+16
      xen_cpuid_leaf/64:
        leaf=0+4 subleaf=4+4 a=8+4 b=12+4 c=16+4 d=20+4 -=0+24
      vcpu_guest_context/32:
        fpu_ctxt=0+512 flags=512+4 user_regs.ebx=516+4 user_regs.ecx=520+4 user_regs.edx=524+4
        user_regs.esi=528+4 user_regs.edi=532+4 user_regs.ebp=536+4 user_regs.eax=540+4
        user_regs.error_code=544+2 user_regs.entry_vector=546+2 user_regs.eip=548+4
        user_regs.cs=552+2 user_regs.saved_upcall_mask=554+1 user_regs._pad0=555+1
        user_regs.eflags=556+4 user_regs.esp=560+4 user_regs.ss=564+2 user_regs._pad1=566+2
        user_regs.es=568+2 user_regs._pad2=570+2 user_regs.ds=572+2 user_regs._pad3=574+2
        user_regs.fs=576+2 user_regs._pad4=578+2 user_regs.gs=580+2 user_regs._pad5=582+2
        trap_ctxt=584+2048 trap_ctxt[255].vector=2624+1 trap_ctxt[255].flags=2625+1
        trap_ctxt[255].cs=2626+2 trap_ctxt[255].address=2628+4 ldt_base=2632+4 ldt_ents=2636+4
        gdt_frames=2640+64 gdt_frames[1]=2644+4 gdt_ents=2704+4 kernel_ss=2708+4
        kernel_sp=2712+4 ctrlreg=2716+32 ctrlreg[1]=2720+4 debugreg=2748+32 debugreg[1]=2752+4
        event_callback_cs=2780+4 event_callback_eip=2784+4 failsafe_callback_cs=2788+4
        failsafe_callback_eip=2792+4 vm_assist=2796+4 -=0+2800
      shared_info/32:
        vcpu_info=0+2048 vcpu_info[31].evtchn_upcall_pending=1984+1
        vcpu_info[31].evtchn_upcall_mask=1985+1 vcpu_info[31].evtchn_pending_sel=1988+4
        vcpu_info[31].arch.cr2=1992+4 vcpu_info[31].arch.pad=1996+20
        vcpu_info[31].arch.pad[1]=2000+4 vcpu_info[31].time.version=2016+4
        vcpu_info[31].time.pad0=2020+4 vcpu_info[31].time.tsc_timestamp=2024+8
        vcpu_info[31].time.system_time=2032+8 vcpu_info[31].time.tsc_to_system_mul=2040+4
        vcpu_info[31].time.tsc_shift=2044+1 vcpu_info[31].time.flags=2045+1
        vcpu_info[31].time.pad1=2046+2 vcpu_info[31].time.pad1[1]=2047+1 evtchn_pending=2048+128
        evtchn_mask=2176+128 wc_version=2304+4 wc_sec=2308+4 wc_nsec=2312+4 arch.max_pfn=2316+4
        arch.pfn_to_mfn_frame_list_list=2320+4 arch.nmi_reason=2324+4 arch.p2m_cr3=2328+4
        arch.p2m_vaddr=2332+4 arch.p2m_generation=2336+4 arch.wc_sec_hi=2340+4 -=0+2344
      start_info/32:
        magic=0+32 nr_pages=32+4 shared_info=36+4 flags=40+4 store_mfn=44+4 store_evtchn=48+4
        console.domU.mfn=52+4 console.domU.evtchn=56+4 pt_base=60+4 nr_pt_frames=64+4
        mfn_list=68+4 mod_start=72+4 mod_len=76+4 cmd_line=80+1024 first_p2m_pfn=1104+4
        nr_p2m_frames=1108+4 -=0+1112
      """;
}
